import json
import re

import pytest

from handlers.contract.indexes import INDEXES
from handlers.contract.malware_scan import MAX_WAIT_SECONDS

TOPIC = "arn:aws:sns:eu-central-1:123456789012:intake-alarms-0a1b2c3"
RECOMMENDED = {
    *("queue-age", "express-age"),
    "dead-letters",
    *(f"{name}-{kind}" for name in ("api", "resize") for kind in ("errors", "throttles", "duration")),
    *("api-5xx", "api-latency"),
    *("table-read-throttles", "table-write-throttles"),
    *("uploads-missing", "rejected-share", "render-failed"),
    *("events-late", "events-missing", "events-dead-letters", "publish-errors"),
}


def alarms(stack):
    return {alarm.name.removeprefix("intake-"): alarm.inputs for alarm in stack.all(":MetricAlarm")}


def composites(stack):
    return {alarm.name.removeprefix("intake-"): alarm.inputs for alarm in stack.all(":CompositeAlarm")}


def members(stack, composite):
    """The alarms that a composite rings for."""
    names = {alarm.outputs["name"]: alarm.name.removeprefix("intake-") for alarm in stack.all(":MetricAlarm")}
    rule = composite["alarmRule"]
    found = re.findall(r'ALARM\("([^"]+)"\)', rule)
    assert rule == " OR ".join(f'ALARM("{name}")' for name in found)
    return {names[name] for name in found}


def test_everything_that_needs_a_person_has_an_alarm(stack):
    assert set(alarms(stack)) == RECOMMENDED


def test_the_delivery_function_is_watched_where_there_is_one(registered):
    found = alarms(registered(delivery="true"))
    assert set(found) == RECOMMENDED | {"delivery-errors", "delivery-throttles"}
    for kind, metric in (("errors", "Errors"), ("throttles", "Throttles")):
        alarm = found[f"delivery-{kind}"]
        assert (alarm["namespace"], alarm["metricName"], alarm["threshold"]) == ("AWS/Lambda", metric, 0)
        assert alarm["dimensions"] == {"FunctionName": "intake-delivery-0a1b2c3"}
        assert alarm["alarmActions"]


def test_dead_letters_are_counted_where_redrives_count_too(stack):
    alarm = alarms(stack)["dead-letters"]
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["dimensions"] == {"QueueName": stack.one(":Queue", "intake-uploads-dlq").outputs["name"]}
    assert (alarm["threshold"], alarm["datapointsToAlarm"], alarm["evaluationPeriods"]) == (0, 1, 1)


def test_the_age_of_the_oldest_message_is_compared_with_what_the_stack_says(registered):
    alarm = alarms(registered(queueAgeAlarmSeconds="120"))["queue-age"]
    assert alarm["dimensions"] == {"QueueName": "intake-uploads-0a1b2c3"}
    assert (alarm["metricName"], alarm["statistic"]) == ("ApproximateAgeOfOldestMessage", "Maximum")
    assert alarm["threshold"] == 120


@pytest.mark.parametrize(("config", "threshold"), [({}, 60), ({"expressAgeAlarmSeconds": "20"}, 20)])
def test_the_express_lane_has_its_own_tight_threshold(registered, config, threshold):
    alarm = alarms(registered(**config))["express-age"]
    assert alarm["dimensions"] == {"QueueName": "intake-uploads-express-0a1b2c3"}
    assert (alarm["metricName"], alarm["statistic"]) == ("ApproximateAgeOfOldestMessage", "Maximum")
    assert alarm["threshold"] == threshold


def test_an_express_image_may_wait_for_its_scan_without_an_alarm(registered):
    alarm = alarms(registered(malwareScan="true"))["express-age"]
    assert alarm["threshold"] == 60 + MAX_WAIT_SECONDS


@pytest.mark.parametrize(("name", "key"), [("api", "apiTimeoutSeconds"), ("resize", "resizeTimeoutSeconds")])
def test_a_function_is_watched_for_errors_throttles_and_time_near_its_timeout(registered, name, key):
    found = alarms(registered(**{key: "20"}, batchSize="1"))
    for kind, metric in (("errors", "Errors"), ("throttles", "Throttles"), ("duration", "Duration")):
        alarm = found[f"{name}-{kind}"]
        assert (alarm["namespace"], alarm["metricName"]) == ("AWS/Lambda", metric)
        assert alarm["dimensions"] == {"FunctionName": f"intake-{name}-0a1b2c3"}
    assert found[f"{name}-errors"]["threshold"] == found[f"{name}-throttles"]["threshold"] == 0
    assert found[f"{name}-duration"]["extendedStatistic"] == "p99"
    assert found[f"{name}-duration"]["threshold"] == 0.8 * 20_000


def test_the_api_is_watched_for_failures_among_many_and_for_latency(registered):
    found = alarms(registered(apiLatencyAlarmMilliseconds="1500"))
    value, failed, requests = found["api-5xx"]["metricQueries"]
    assert value["expression"] == "IF(failed >= 5, 100 * failed / requests, 0)"
    assert (failed["metric"]["metricName"], requests["metric"]["metricName"]) == ("5xx", "Count")
    assert found["api-latency"]["threshold"] == 1500
    for metric in (failed["metric"], requests["metric"], found["api-latency"]):
        assert metric["namespace"] == "AWS/ApiGateway"
        assert metric["dimensions"] == {"ApiId": "intake-api-http-id"}


def test_events_are_watched_for_their_age_and_for_what_cannot_be_told(stack):
    late, letters = alarms(stack)["events-late"], alarms(stack)["events-dead-letters"]
    assert (late["metricName"], late["statistic"]) == ("IteratorAge", "Maximum")
    assert late["dimensions"] == {"FunctionName": "intake-publish-0a1b2c3"}
    assert (late["threshold"], late["datapointsToAlarm"]) == (60_000, 5)
    assert letters["metricName"] == "ApproximateNumberOfMessagesVisible"
    assert letters["dimensions"] == {"QueueName": "intake-events-dlq-0a1b2c3"}
    assert letters["threshold"] == 0


def test_events_are_missing_where_images_settle_and_nothing_is_published(stack):
    value, settled, published = alarms(stack)["events-missing"]["metricQueries"]
    expression = "IF(settled >= 20, 100 * (settled - FILL(published, 0)) / settled, 0)"
    assert value["expression"] == expression
    assert (settled["metric"]["metricName"], settled["metric"]["stat"]) == ("Rejected", "SampleCount")
    assert (published["metric"]["metricName"], published["metric"]["stat"]) == ("Published", "Sum")


@pytest.mark.parametrize("kind", ["Read", "Write"])
def test_throttles_of_the_tables_and_of_every_index_are_added_up(stack, kind):
    _, *parts = alarms(stack)[f"table-{kind.lower()}-throttles"]["metricQueries"]
    assert {part["metric"]["metricName"] for part in parts} == {f"{kind}ThrottleEvents"}
    watched = [part["metric"]["dimensions"].get("GlobalSecondaryIndexName") for part in parts]
    quotas = ["intake-quotas-0a1b2c3"] if kind == "Write" else []
    assert watched == [None, *(index.name for index in INDEXES), *(None for _ in quotas)]
    tables = [part["metric"]["dimensions"]["TableName"] for part in parts]
    assert tables == ["intake-ImageMetadata-0a1b2c3"] * (1 + len(INDEXES)) + quotas


def test_images_are_stuck_pending_when_announced_uploads_do_not_arrive(stack):
    value, announced, *arrived = alarms(stack)["uploads-missing"]["metricQueries"]
    assert value["expression"] == (
        "IF(announced >= 20, 100 * (announced - (FILL(sent, 0) + FILL(sentexpress, 0))) / announced, 0)"
    )
    assert announced["metric"]["metricName"] == "Announced"
    assert {query["metric"]["metricName"] for query in arrived} == {"NumberOfMessagesSent"}
    assert {query["id"]: query["metric"]["dimensions"]["QueueName"] for query in arrived} == {
        "sent": "intake-uploads-0a1b2c3",
        "sentexpress": "intake-uploads-express-0a1b2c3",
    }


def test_an_upload_may_come_as_long_after_its_announcement_as_its_policy_lives(registered):
    stack = registered(urlSeconds="900")
    alarm = alarms(stack)["uploads-missing"]
    assert alarm["evaluationPeriods"] > 1
    assert {query["metric"]["period"] for query in alarm["metricQueries"][1:]} == {2 * 900}


def test_the_share_of_rejected_images_is_compared_with_what_the_stack_says(registered):
    alarm = alarms(registered(rejectedShareAlarmPercent="33"))["rejected-share"]
    value, share, settled = alarm["metricQueries"]
    assert alarm["threshold"] == 33
    assert value["expression"] == "IF(settled >= 20, 100 * share, 0)"
    assert (share["metric"]["stat"], settled["metric"]["stat"]) == ("Average", "SampleCount")


def test_an_alarm_with_math_returns_one_series_of_at_most_ten_metrics(stack):
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
    calculated = [alarm for alarm in alarms(stack).values() if "metricQueries" in alarm]
    assert len(calculated) == 6
    for alarm in calculated:
        queries = alarm["metricQueries"]
        assert [query["returnData"] for query in queries].count(True) == 1
        assert len([query for query in queries if "metric" in query]) <= 10
        assert {query["metric"]["period"] for query in queries if "metric" in query}
        assert len({query["id"] for query in queries}) == len(queries)


def test_where_nothing_happened_nothing_rings(stack):
    assert {alarm["treatMissingData"] for alarm in alarms(stack).values()} == {"notBreaching"}


def test_alarms_that_one_fault_sets_off_ring_as_one(stack):
    assert {name: members(stack, composite) for name, composite in composites(stack).items()} == {
        "resize-unhealthy": {
            *("queue-age", "express-age", "resize-errors", "resize-throttles", "resize-duration")
        },
        "api-unhealthy": {"api-errors", "api-throttles", "api-duration", "api-5xx", "api-latency"},
        "events-unhealthy": {"events-late", "events-missing", "publish-errors"},
    }


def test_each_alarm_is_heard_once_when_it_begins_and_once_when_it_ends(stack):
    grouped = set().union(*(members(stack, composite) for composite in composites(stack).values()))
    for name, alarm in {**alarms(stack), **composites(stack)}.items():
        heard = [] if name in grouped else [TOPIC]
        assert alarm.get("alarmActions", []) == alarm.get("okActions", []) == heard, name


def test_the_names_that_the_program_chooses_are_those_of_one_stack_and_pipeline(dev, prod):
    names = [composite["alarmName"] for stack in (dev, prod) for composite in composites(stack).values()]
    names += [stack.one(":Dashboard").inputs["dashboardName"] for stack in (dev, prod)]
    assert len(set(names)) == 8
    assert all(name.startswith(("image-intake-dev-intake", "image-intake-prod-intake")) for name in names)


def test_watching_costs_a_few_dollars_a_month(stack):
    # https://aws.amazon.com/cloudwatch/pricing/: 0.10 for each metric of an alarm, 0.50 a composite
    metrics = sum(
        len([query for query in alarm.get("metricQueries", [alarm]) if "expression" not in query])
        for alarm in alarms(stack).values()
    )
    assert 0.10 * metrics + 0.50 * len(composites(stack)) < 5.50


def test_a_description_is_one_sentence_to_act_on_and_the_place_in_the_runbook(stack):
    for name, alarm in {**alarms(stack), **composites(stack)}.items():
        sentence, link = alarm["alarmDescription"].split(" Runbook: ")
        assert link == f"docs/runbook.md#{name}"
        assert re.fullmatch(r"[A-Z][^.]+\.", sentence), sentence
        assert sentence.split()[0] in {"Compare", "Look", "Open", "Run", "See", "Upload"}
        assert len(json.dumps(alarm["alarmDescription"])) < 1024
