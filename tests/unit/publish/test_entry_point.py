"""The publish function as Lambda calls it: composed from its environment, fed by a stream."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from handlers.contract.settings import PublishSettings, SettingsError, variables
from handlers.publish import entry_point
from handlers.publish.event_bus import NotTaken
from tests.unit.fake_event_bus import NO_RIGHTS, FakeBus, deliver, record, records
from tests.unit.resize_environment import publish_settings
from tests.unit.table_stream import changes


@pytest.fixture
def bus(monkeypatch):
    fake = FakeBus()
    monkeypatch.setattr(entry_point.clients, "events", lambda: fake)
    return fake


@pytest.fixture
def letters(aws, clients):
    return clients["sqs"].create_queue(QueueName="letters")["QueueUrl"]


@pytest.fixture
def function(aws, service, bus, letters, monkeypatch):
    settings = publish_settings(dead_letter_queue_url=letters)
    for name, value in variables(PublishSettings, settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("handlers.publish.event_bus._BASE_SECONDS", 0)
    entry_point.compose.cache_clear()
    yield lambda event: entry_point.handler(event, SimpleNamespace(aws_request_id="r1"))
    entry_point.compose.cache_clear()


def test_all_that_was_told_is_no_failure(function, bus):
    assert function({"Records": records(12)}) == {"batchItemFailures": []}
    assert len(bus.told) == 12


def test_what_workers_write_is_told_though_the_table_tells_much_else(world, function, bus, clients):
    world.catalog.put_pending([{"ImageID": "a", "CreatedAt": "2026-01-02T03:04:05.678Z"}])
    world.deliver(world.upload("a"))
    world.deliver(world.upload("b", b"not an image"))
    world.deliver(world.remove("a"))
    assert function({"Records": changes(clients)}) == {"batchItemFailures": []}
    assert [(event["DetailType"], event["Detail"]["imageId"]) for event in bus.events] == [
        ("Image Ready", "a"),
        ("Image Rejected", "b"),
        ("Image Deleted", "a"),
    ]


def test_a_batch_of_which_some_was_told_is_answered_with_the_first_that_was_not(function, bus):
    bus.errors = [None, NO_RIGHTS]
    batch = records(25)
    assert function({"Records": batch}) == {
        "batchItemFailures": [{"itemIdentifier": batch[10]["dynamodb"]["SequenceNumber"]}]
    }


def test_a_batch_of_which_nothing_was_told_is_an_error_that_alarms_can_count(function, bus):
    bus.errors = [NO_RIGHTS]
    with pytest.raises(NotTaken, match="AccessDenied"):
        function({"Records": records(3)})


def test_what_a_failure_left_out_is_told_by_the_next_delivery_and_nothing_else(function, bus):
    bus.errors = [None, NO_RIGHTS]
    left = deliver(function, records(25))
    assert len(left) == 15
    assert deliver(function, left) == []
    assert bus.told == [str(number) for number in range(25)]


def test_a_crash_between_commit_and_event_loses_nothing_and_repeats_under_the_same_id(function, bus):
    # The environment ends with the events half told: Lambda has no answer, and delivers all again.
    bus.errors = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        function({"Records": records(25)})
    assert len(bus.told) == 10
    assert deliver(function, records(25)) == []
    ids = Counter(event["Detail"]["id"] for event in bus.events)
    assert len(ids) == 25
    assert sorted(ids.values()) == [1] * 15 + [2] * 10


def test_however_often_the_bus_refuses_each_outcome_is_told_in_the_end(function, bus):
    bus.refused = {str(number): number % 7 for number in range(60)}
    left, deliveries = records(60), 0
    while left:
        left = deliver(function, left)
        deliveries += 1
        assert deliveries < 60
    assert set(bus.told) == {str(number) for number in range(60)}


def test_a_record_that_cannot_be_read_is_found_in_the_queue(function, bus, clients, letters):
    broken = record("broken")
    del broken["dynamodb"]["NewImage"]["Reason"]
    assert function({"Records": [broken, record("b", 2)]}) == {"batchItemFailures": []}
    [letter] = clients["sqs"].receive_message(QueueUrl=letters)["Messages"]
    assert json.loads(letter["Body"]) == broken
    assert bus.told == ["b"]


def test_the_events_of_a_call_are_counted_and_what_failed_is_logged(function, bus, capsys):
    bus.errors = [None, NO_RIGHTS]
    function({"Records": records(25)})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [metric] = [line for line in lines if "_aws" in line]
    assert metric["Published"] == [10.0]
    [said] = [line for line in lines if line.get("message") == "not published"]
    assert said["request_id"] == "r1"
    assert "AccessDeniedException" in said["error"]


def test_a_function_without_its_settings_does_not_start(function, monkeypatch):
    monkeypatch.delenv("BUS_NAME")
    with pytest.raises(SettingsError):
        function({"Records": records(1)})
