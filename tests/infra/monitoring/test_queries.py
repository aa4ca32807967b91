"""Saved queries ask for fields that the logs have."""

import json
import re

import pytest

from components.monitoring.queries import QUERIES

LOGS = {
    "resize": "intake-resize-log",
    "api": "intake-api-log",
    "publish": "intake-publish-log",
    "delivery": "intake-delivery-log",
    "access": "intake-api-access-log",
}
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
PLATFORM = {
    "type",
    "record.status",
    "record.errorType",
    "record.metrics.durationMs",
    "record.metrics.initDurationMs",
    "record.metrics.maxMemoryUsedMB",
    "record.metrics.memorySizeMB",
}
LANGUAGE = {
    *("as", "asc", "and", "by", "desc", "fields", "filter", "in", "like", "limit", "sort", "stats"),
    *("bin", "count", "count_distinct", "latest", "max", "min", "pct"),
}


def fields(text):
    """The fields a query asks for: all its words without literals, its language and its own names."""
    named = set(re.findall(r" as ([a-z0-9_]+)", text))
    bare = re.sub(r'"[^"]*"|/[^/]+/|\d+[mh]?\b', "", text)
    return set(re.findall(r"@?[A-Za-z][A-Za-z0-9_.]*", bare)) - named - LANGUAGE - {"@timestamp"}


@pytest.fixture(scope="session")
def logged(delivering, written):
    """The fields of each log."""
    access_log = json.loads(delivering.one(":Stage").inputs["accessLogSettings"]["format"])
    of_functions = {
        name: {field for line in lines if "_aws" not in line for field in line} | PLATFORM
        for name, lines in written.items()
    }
    return {**of_functions, "access": set(access_log)}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_asks_for_fields_of_the_log_it_is_about(query, logged):
    assert fields(query.text)
    assert fields(query.text) <= logged[query.source]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_is_saved_for_its_log_below_the_name_of_the_pipeline(delivering, query):
    saved = delivering.one(":QueryDefinition", f"intake-{query.name}").inputs
    assert saved["name"] == f"image-intake-prod-intake/{query.name}"
    assert saved["logGroupNames"] == [delivering.one(":LogGroup", LOGS[query.source]).outputs["name"]]
    assert saved["queryString"] == query.text


def test_a_query_of_a_log_that_a_stack_does_not_have_is_not_saved(prod):
    saved = {query.name.removeprefix("intake-") for query in prod.all(":QueryDefinition")}
    assert saved == {query.name for query in QUERIES if query.source != "delivery"}


def test_the_outcomes_that_queries_look_for_are_those_that_are_logged(written):
    outcomes = {line["outcome"] for line in written["resize"] if "outcome" in line}
    wanted = set()
    for query in QUERIES:
        for found in re.findall(r"outcome (?:= |in )(\[.*?\]|\".*?\")", query.text):
            wanted |= set(re.findall(r'"(.*?)"', found))
    assert wanted == {"done", "rejected", "retry"}
    assert wanted < outcomes
