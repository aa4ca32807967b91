import json
import logging
from types import SimpleNamespace

import pytest

from handlers.publish.event_bus import MOST_BYTES, Bus, NotTaken
from handlers.publish.publisher import Publisher
from tests.unit.fake_event_bus import NO_RIGHTS, FakeBus, record, records
from tests.unit.resize_environment import BUS, ORIGINALS, Failing, publish_settings


@pytest.fixture
def bus():
    return FakeBus()


@pytest.fixture
def letters():
    """Messages sent to the dead-letter queue."""
    return []


@pytest.fixture
def slept():
    return []


@pytest.fixture
def counted():
    return []


@pytest.fixture
def publisher(bus, letters, slept, counted):
    return Publisher(
        publish_settings(),
        bus=Bus(bus, BUS, count=counted.append, sleep=slept.append),
        sqs=SimpleNamespace(send_message=lambda **message: letters.append(message)),
        logger=logging.getLogger("publisher"),
    )


def test_an_outcome_is_put_on_the_bus_of_the_pipeline(publisher, bus):
    publisher.publish([record("a")])
    [event] = bus.events
    assert (event["EventBusName"], event["Source"]) == (BUS, "image-intake")
    assert event["DetailType"] == "Image Rejected"
    assert event["Time"].isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert event["Detail"]["original"]["bucket"] == ORIGINALS


def test_what_is_no_outcome_is_passed_over(publisher, bus):
    removal = record("b") | {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "1", "OldImage": {}}}
    publisher.publish([record("a", Status="PENDING"), removal])
    assert bus.calls == []


def test_ten_events_go_with_one_call_and_all_in_order(publisher, bus, counted):
    publisher.publish(records(23))
    assert [len(call) for call in bus.calls] == [10, 10, 3]
    assert bus.told == [str(number) for number in range(23)]
    assert sum(counted) == 23


def test_a_call_has_no_more_bytes_than_the_bus_takes(publisher, bus):
    large = [record(str(number), number + 1, Reason="x" * 100_000) for number in range(5)]
    publisher.publish(large)
    assert [len(call) for call in bus.calls] == [2, 2, 1]


def test_events_that_the_bus_does_not_take_are_sent_again_alone_and_after_a_while(
    publisher, bus, slept, counted
):
    bus.refused = {"1": 2, "3": 1}
    publisher.publish(records(5))
    assert bus.calls == [["0", "1", "2", "3", "4"], ["1", "3"], ["1"]]
    assert sorted(bus.told) == ["0", "1", "2", "3", "4"]
    assert [0 <= pause <= 0.6 * 2**attempt for attempt, pause in enumerate(slept)] == [True, True]
    assert sum(counted) == 5


def test_the_first_event_that_is_never_taken_is_named_and_nothing_behind_it_is_begun(publisher, bus):
    bus.refused = {"11": 99, "13": 99}
    with pytest.raises(NotTaken, match=r"^2 events, the first for ThrottlingException: slow down$") as failed:
        publisher.publish(records(30))
    assert failed.value.about == records(30)[11]["dynamodb"]["SequenceNumber"]
    assert {str(number) for number in range(11)} <= set(bus.told)
    assert "20" not in bus.told


def test_where_a_call_fails_its_first_event_is_named(publisher, bus):
    bus.errors = [None, NO_RIGHTS]
    with pytest.raises(NotTaken, match="AccessDenied") as failed:
        publisher.publish(records(30))
    assert failed.value.about == records(30)[10]["dynamodb"]["SequenceNumber"]
    assert bus.told == [str(number) for number in range(10)]


def test_a_record_that_cannot_be_read_goes_whole_to_the_dead_letters_and_holds_up_nothing(
    publisher, bus, letters, caplog
):
    broken = record("broken", 2, Bytes="many")
    broken["dynamodb"]["NewImage"].pop("OriginalKey")
    publisher.publish([record("a", 1), broken, record("b", 3)])
    assert bus.told == ["a", "b"]
    [letter] = letters
    assert letter["QueueUrl"] == publish_settings().dead_letter_queue_url
    assert json.loads(letter["MessageBody"]) == broken
    [said] = caplog.records
    assert (said.levelname, said.event_id) == ("ERROR", "e2")
    assert said.exc_info


@pytest.mark.parametrize("odd", [{}, {"dynamodb": {}}, {"dynamodb": {"NewImage": {"Status": {"?": 1}}}}])
def test_whatever_a_record_lacks_the_stream_goes_on(publisher, bus, letters, odd):
    publisher.publish([{"eventID": "e1", **odd}, record("b", 2)])
    assert bus.told == ["b"]
    assert len(letters) == (odd != {"dynamodb": {}})  # a change without an image is a removal


def test_an_event_that_is_larger_than_the_bus_takes_is_a_dead_letter(publisher, bus, letters):
    publisher.publish([record("a", Reason="x" * MOST_BYTES), record("b", 2)])
    assert bus.told == ["b"]
    assert len(letters) == 1


def test_a_record_that_can_be_kept_nowhere_is_delivered_again(bus):
    publisher = Publisher(
        publish_settings(),
        bus=Bus(bus, BUS, count=print),
        sqs=Failing(None, "send_message", error=NO_RIGHTS),
        logger=logging.getLogger("publisher"),
    )
    with pytest.raises(type(NO_RIGHTS)):
        publisher.publish([{"eventID": "e1"}])
