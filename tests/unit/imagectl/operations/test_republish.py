import json
from datetime import datetime

import pytest

from handlers.publish.completion_events import event_of_change
from handlers.storage.dynamodb_items import to_row
from imagectl.operations.table_scan import mark_stale
from tests.unit.fake_event_bus import NO_RIGHTS, FakeBus
from tests.unit.resize_environment import BUS, ORIGINALS, TABLE
from tests.unit.table_stream import changes

YESTERDAY = ("--since", "2001-01-01", "--until", "2002-01-01")
SINCE_EVER = ("--since", "2001-01-01T00:00Z", "--until", "2999-01-01T00:00+02:00")


@pytest.fixture
def bus(stack):
    vars(stack)["events"] = FakeBus()
    return stack.events


def settle(world, *image_ids):
    for image_id in image_ids:
        world.deliver(world.upload(image_id))


def test_what_was_processed_in_a_time_is_told_once_more(imagectl, world, bus):
    settle(world, "a", "b")
    world.deliver(world.upload("c", b"not an image"))
    world.catalog.put_pending([{"ImageID": "d", "CreatedAt": "2026-01-02T03:04:05.678Z"}])
    ran = imagectl("publish", *SINCE_EVER, "--yes", "--json", "--rate", "1000")
    assert ran.code == 0, ran.err
    assert ran.lines[-1]["counts"] == {"pending": 1, "published": 3}
    assert sorted(bus.told) == ["a", "b", "c"]
    assert {event["EventBusName"] for event in bus.events} == {BUS}
    assert {event["DetailType"] for event in bus.events} == {"Image Ready", "Image Rejected"}


def test_deletions_are_told_once_more_too_by_when_they_happened(imagectl, world, bus, clients):
    settle(world, "a", "b")
    world.deliver(world.remove("a"))
    moment = world.row("a")["DeletedAt"]
    ran = imagectl("publish", "--since", moment, "--yes", "--json")
    assert ran.lines[-1]["counts"]["published"] >= 1
    deletion = next(event for event in bus.events if event["DetailType"] == "Image Deleted")
    changed = changes(clients)[-2]["dynamodb"]  # the last change is that nothing is left to be removed
    before, after = to_row(changed["OldImage"]), to_row(changed["NewImage"])
    assert deletion["Detail"]["id"] == event_of_change(before, after, ORIGINALS).id
    bus.events.clear()
    imagectl("publish", "--since", "2001-01-01", "--until", moment, "--yes")
    assert "a" not in bus.told


def test_who_heard_of_it_knows_it_by_its_id(imagectl, world, bus, clients):
    settle(world, "a")
    [record] = changes(clients)
    first = event_of_change(None, to_row(record["dynamodb"]["NewImage"]), ORIGINALS)
    imagectl("publish", *SINCE_EVER, "--yes")
    assert [event["Detail"]["id"] for event in bus.events] == [first.id]


def test_what_was_processed_at_another_time_is_not_told(imagectl, world, bus):
    settle(world, "a")
    assert imagectl("publish", *YESTERDAY, "--yes").out == "no images of 1 rows\n"
    assert bus.told == []


def test_the_first_moment_belongs_to_a_time_and_the_last_to_the_next(imagectl, world, bus):
    settle(world, "a")
    moment = world.row("a")["ProcessedAt"]
    imagectl("publish", "--since", "2001-01-01", "--until", moment, "--yes")
    assert bus.told == []
    imagectl("publish", "--since", moment, "--until", "2999-01-01", "--yes")
    assert bus.told == ["a"]
    assert datetime.fromisoformat(moment).tzinfo


def test_what_is_about_to_be_rendered_again_will_be_told_by_itself(imagectl, world, bus, dynamodb):
    settle(world, "a")
    mark_stale(dynamodb, TABLE, world.row("a"))
    ran = imagectl("publish", *SINCE_EVER, "--yes", "--json")
    assert ran.lines[-1]["counts"] == {"stale": 1}
    assert bus.told == []


def test_a_row_that_cannot_be_told_is_counted_and_holds_up_nothing(imagectl, world, bus, dynamodb):
    settle(world, "a", "b")
    key = {"ImageID": {"S": "a"}}
    dynamodb.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE Placeholder")
    ran = imagectl("publish", *SINCE_EVER, "--yes", "--json")
    assert ran.lines[-1]["counts"] == {"published": 1, "unreadable": 1}
    assert bus.told == ["b"]


def test_a_dry_run_lists_and_publishes_nothing(imagectl, world, bus):
    settle(world, "a")
    assert imagectl("publish", *SINCE_EVER, "--dry-run").out == "READY     a\n1 published of 1 rows\n"
    ran = imagectl("publish", *SINCE_EVER, "--dry-run", "--json")
    assert json.loads(ran.out.splitlines()[0]) == {"type": "image", "imageId": "a", "status": "READY"}
    assert bus.told == []


def test_a_bus_that_takes_nothing_is_said(imagectl, world, bus):
    settle(world, "a")
    bus.errors = [NO_RIGHTS]
    ran = imagectl("publish", *SINCE_EVER, "--yes")
    assert ran.code == 3
    assert "The bus does not take events" in ran.err
    assert "AccessDenied" in ran.err


def test_nobody_is_told_unless_somebody_agrees(imagectl, world, bus):
    settle(world, "a")
    assert imagectl("publish", *SINCE_EVER).code == 3
    assert bus.told == []


@pytest.mark.parametrize("moment", ["yesterday", "", "12:00"])
def test_what_is_no_moment_is_refused(imagectl, bus, moment):
    assert imagectl("publish", "--since", moment, "--yes").code == 2
