import json
import re

import pytest

from components.monitoring.queries import query
from pricing.prices import price_table

WIDTH = 24


@pytest.fixture
def widgets(stack):
    body = json.loads(stack.one(":Dashboard").inputs["dashboardBody"])
    assert body["start"] == "-PT3H"
    return body["widgets"]


def parts(widgets):
    """The widgets below each heading, in order."""
    found = {}
    for widget in widgets:
        if widget["type"] == "text":
            found[widget["properties"]["markdown"]] = []
        else:
            found[list(found)[-1]].append(widget)
    return found


def titles(widgets):
    return [widget["properties"]["title"] for widget in widgets]


def test_a_stack_has_one_dashboard_that_answers_four_questions_in_this_order(widgets):
    assert list(parts(widgets)) == [
        "## Is it healthy?",
        "## Is it keeping up?",
        "## What is failing?",
        "## What does it cost?",
    ]


def test_its_health_is_the_state_of_every_alarm(stack, widgets):
    (states,) = parts(widgets)["## Is it healthy?"]
    alarms = stack.all(":MetricAlarm") + stack.all(":CompositeAlarm")
    assert states["type"] == "alarm"
    assert sorted(states["properties"]["alarms"]) == sorted(alarm.outputs["arn"] for alarm in alarms)


def test_keeping_up_is_depth_age_concurrency_and_the_time_people_wait(widgets):
    assert titles(parts(widgets)["## Is it keeping up?"]) == [
        "Bulk lane",
        "Bulk lane: age of the oldest message (s)",
        "Express lane",
        "Express lane: age of the oldest message (s)",
        "Resize calls at the same time",
        "Images a minute",
        "From upload to settled (ms)",
        "Resize: record and call (ms)",
        "Events a minute",
        "From settled to published (ms)",
    ]


def test_graphs_show_the_limits_of_the_stack(registered):
    stack = registered(maxConcurrency="7", expressConcurrency="4", queueAgeAlarmSeconds="120")
    widgets = json.loads(stack.one(":Dashboard").inputs["dashboardBody"])["widgets"]
    drawn = {
        widget["properties"]["title"]: widget["properties"]["annotations"]["horizontal"][0]["value"]
        for widget in widgets
        if "annotations" in widget["properties"]
    }
    assert drawn == {
        "Bulk lane: age of the oldest message (s)": 120,
        "Express lane: age of the oldest message (s)": 60,
        "Resize calls at the same time": 11,
        "Resize: record and call (ms)": 120_000,
        "From settled to published (ms)": 60_000,
    }


def test_what_fails_is_told_with_its_reasons_from_the_log(prod):
    widgets = json.loads(prod.one(":Dashboard").inputs["dashboardBody"])["widgets"]
    failing = parts(widgets)["## What is failing?"]
    assert {"Dead letters", "Functions", "Records that were not done", "API"} <= set(titles(failing))
    log = prod.one(":LogGroup", "intake-resize-log").outputs["name"]
    assert {widget["properties"]["query"] for widget in failing if widget["type"] == "log"} == {
        f"SOURCE '{log}' | {query(name).text}" for name in ("rejections", "failures")
    }


def test_the_cost_is_an_estimate_from_what_is_used(widgets):
    counted, estimated = parts(widgets)["## What does it cost?"]
    assert counted["properties"]["period"] == estimated["properties"]["period"] == 3600
    labels = [entry[-1]["label"] for entry in estimated["properties"]["metrics"]]
    assert labels[-8:] == [
        "Lambda",
        "API Gateway",
        "SQS",
        "DynamoDB",
        "S3 requests",
        "EventBridge",
        "all",
        "for 1,000 images",
    ]


def test_expressions_use_only_what_the_same_graph_defines(widgets):
    expressions = 0
    for widget in widgets:
        options = [entry[-1] for entry in widget["properties"].get("metrics", [])]
        ids = [option["id"] for option in options if "id" in option]
        assert len(ids) == len(set(ids))
        for option in options:
            names = set(re.findall(r"\b[a-z][a-z0-9]*\b", option.get("expression", "")))
            assert names <= set(ids)
            expressions += bool(names)
    assert expressions == 8


def test_the_estimate_of_computing_is_gigabyte_seconds_at_their_price(registered):
    stack = registered(resizeMemoryMiB="2048", apiMemoryMiB="512")
    widgets = json.loads(stack.one(":Dashboard").inputs["dashboardBody"])["widgets"]
    (expression,) = [
        entry[0]["expression"]
        for widget in widgets
        for entry in widget["properties"].get("metrics", [])
        if entry[-1]["label"] == "Lambda"
    ]
    # 1,000 s of 2 GiB, 2,000 s and 500 s of half a GiB, 100 + 200 + 50 requests
    milliseconds = {"resizems": 1e6, "apims": 2e6, "publishms": 5e5}
    used = milliseconds | {"resizecalls": 100, "apicalls": 200, "publishcalls": 50}
    dollars = eval(expression, {"__builtins__": {}}, used)  # numbers and operators, written by the program
    frankfurt = price_table().of("eu-central-1")
    assert dollars == pytest.approx(
        3250 * frankfurt.lambda_gb_second + 350 * frankfurt.lambda_million_calls / 1_000_000
    )


def test_where_prices_are_not_known_those_of_virginia_stand_in():
    table = price_table()
    assert table.estimate("mars-north-1") == table.of("us-east-1") != table.of("eu-central-1")


def test_widgets_do_not_overlap_and_fit_the_grid(widgets):
    taken = set()
    for widget in widgets:
        assert widget["x"] + widget["width"] <= WIDTH
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        taken |= cells


def test_graphs_are_of_the_region_of_the_stack(widgets):
    drawn = [widget["properties"] for widget in widgets if widget["type"] in ("metric", "log")]
    assert {properties["region"] for properties in drawn} == {"eu-central-1"}


def test_the_dashboard_is_written_in_one_way_only(stack):
    body = stack.one(":Dashboard").inputs["dashboardBody"]
    assert body == json.dumps(json.loads(body), sort_keys=True)
