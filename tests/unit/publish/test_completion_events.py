"""Which changes of rows are events, told by the stream of a table that real workers write to."""

import dataclasses
import json
import re
from pathlib import Path

import msgspec
import pytest

from handlers.contract.event_source import SOURCE
from handlers.publish.completion_events import DETAIL_TYPES, event_of, event_of_change
from handlers.storage.deletions import Deletions, row_of_deletion
from handlers.storage.dynamodb_items import to_row
from imagectl.operations.table_scan import mark_stale
from tests.unit.event_schema import SCHEMA, complaints
from tests.unit.resize_environment import FACTS, ORIGINALS, OTHER_PRESETS, TABLE, VARIANTS, Failing
from tests.unit.table_stream import changes

ROOT = Path(__file__).parents[3]


@pytest.fixture
def told(clients):
    """The events of all that happened to the table so far."""

    def look():
        found = []
        for record in changes(clients):
            before, after = (record["dynamodb"].get(image) for image in ("OldImage", "NewImage"))
            found.append(event_of_change(before and to_row(before), after and to_row(after), ORIGINALS))
        return [event for event in found if event]

    return look


def delivered(event):
    """The event as EventBridge delivers it."""
    detail = json.loads(msgspec.json.encode(event))
    return {"source": SOURCE, "detail-type": DETAIL_TYPES[type(event)], "detail": detail}


def test_an_image_that_is_ready_is_an_event_with_all_that_is_known_of_it(world, told):
    world.catalog.put_pending(
        [
            {
                "ImageID": "a",
                "OriginalKey": "uploads/a",
                "FileName": "holiday of Ms X.jpg",
                "BatchID": "b1",
                "Owner": "arn:aws:iam::123456789012:user/x",
                "CreatedAt": "2026-01-02T03:04:05.678Z",
                "ExpiresAt": 1,
            }
        ]
    )
    world.deliver(world.upload("a", b"pixels"))
    [event] = told()
    told_of = delivered(event)
    assert complaints(told_of) == []
    row, detail = world.row("a"), told_of["detail"]
    assert told_of["detail-type"] == "Image Ready"
    assert {name: detail[name] for name in ("version", "imageId", "status", "batchId", "owner")} == {
        "version": "1",
        "imageId": "a",
        "status": "READY",
        "batchId": "b1",
        "owner": "arn:aws:iam::123456789012:user/x",
    }
    assert detail["original"] == {
        "bucket": ORIGINALS,
        "key": "uploads/a",
        "versionId": row["VersionId"],
        "etag": row["ETag"],
        "bytes": 6,
    }
    assert detail["facts"] == {
        "format": "PNG",
        "width": 640,
        "height": 480,
        "frames": 1,
        "bitDepth": 8,
        "hasAlpha": True,
        "dominantColor": "#102030",
        "capturedAt": "2026-01-02T04:04:05+01:00",
        "camera": "Canon EOS R5",
    }
    assert detail["variants"]["thumbnail"] == {
        "bucket": VARIANTS,
        "key": row["ResizedImageKey"],
        "width": 128,
        "height": 128,
        "bytes": len(b"thumbnail of pixels"),
        "contentType": "image/jpeg",
    }
    assert set(detail["variants"]) == {"thumbnail", "small"}
    assert detail["processedAt"] == row["ProcessedAt"]
    assert detail["sequencer"] == row["Sequencer"]


def test_an_event_leaves_out_a_moment_and_a_camera_that_are_not_known(world, told):
    world.render.facts = dataclasses.replace(FACTS, captured_at="", camera="")
    world.deliver(world.upload("a"))
    event = delivered(*told())
    assert complaints(event) == []
    assert not {"capturedAt", "camera"} & set(event["detail"]["facts"])


def test_no_event_tells_the_name_that_a_client_gave_its_file(world, told):
    world.catalog.put_pending(
        [{"ImageID": "a", "FileName": "Ms X in Rome.jpg", "CreatedAt": "2026-01-02T03:04:05.678Z"}]
    )
    world.deliver(world.upload("a"))
    [event] = told()
    assert "Ms X" not in msgspec.json.encode(event).decode()


def test_an_image_that_is_rejected_is_an_event_with_the_reason(world, told):
    world.deliver(world.upload("a", b"not an image"))
    [event] = told()
    told_of = delivered(event)
    assert complaints(told_of) == []
    assert told_of["detail-type"] == "Image Rejected"
    assert told_of["detail"]["reason"] == "NotAnImage"
    assert not {"facts", "variants", "placeholder", "owner", "batchId"} & told_of["detail"].keys()


def test_an_image_that_failed_is_an_event_with_the_error_and_nothing_of_an_earlier_image(world, told):
    world.deliver(world.upload("a"))
    again = world.upload("a", b"other pixels")
    world.render.error = OSError("disk full")
    world.deliver(again, attempt=5)
    told_of = delivered(told()[-1])
    assert complaints(told_of) == []
    assert told_of["detail-type"] == "Image Failed"
    assert (told_of["detail"]["reason"], told_of["detail"]["error"]) == ("OSError", "disk full")
    assert told_of["detail"]["attempts"] == 5
    assert not {"facts", "variants", "placeholder"} & told_of["detail"].keys()


def test_an_announcement_is_no_event_and_neither_is_keeping_it(world, told):
    world.catalog.put_pending([{"ImageID": "a", "CreatedAt": "2026-01-02T03:04:05.678Z"}])
    world.catalog.keep_pending("a", 2)
    assert told() == []


def test_a_row_that_goes_is_no_event_whatever_it_said(world, dynamodb, told):
    world.catalog.put_pending([{"ImageID": "pending", "CreatedAt": "2026-01-02T03:04:05.678Z"}])
    world.deliver(world.upload("ready"), world.upload("rejected", b"not an image"))
    world.deliver(world.remove("deleted"))
    before = told()
    for image_id in ("pending", "ready", "rejected", "deleted"):  # as they expire, or an operator errs
        dynamodb.delete_item(TableName=TABLE, Key={"ImageID": {"S": image_id}})
    assert told() == before


def test_an_image_that_is_deleted_is_an_event_ordered_after_its_upload(world, told):
    owner = "arn:aws:iam::123456789012:user/x"
    announced = {"ImageID": "a", "BatchID": "b1", "Owner": owner, "CreatedAt": "2026-01-02T03:04:05.678Z"}
    world.catalog.put_pending([announced])
    world.deliver(world.upload("a"))
    world.deliver(world.remove("a"))
    ready, deleted = told()
    told_of = delivered(deleted)
    assert complaints(told_of) == []
    assert told_of["detail-type"] == "Image Deleted"
    assert told_of["detail"] == {
        "status": "DELETED",
        "version": "1",
        "id": deleted.id,
        "imageId": "a",
        "batchId": "b1",
        "owner": owner,
        "sequencer": world.row("a")["Sequencer"],
        "original": {"bucket": ORIGINALS, "key": "uploads/a"},
        "erased": False,
        "deletedAt": world.row("a")["DeletedAt"],
    }
    assert deleted.sequencer > ready.sequencer


def test_the_deletion_of_an_image_without_a_row_is_an_event(world, told):
    world.deliver(world.remove("a"))
    [event] = told()
    assert complaints(delivered(event)) == []
    assert "owner" not in delivered(event)["detail"]


def test_the_deletion_of_an_image_that_was_never_uploaded_is_an_event_before_any_upload(world, told):
    world.catalog.put_pending([{"ImageID": "a", "CreatedAt": "2026-01-02T03:04:05.678Z"}])
    Deletions(world.storage, world.catalog, recoverable_days=1).delete("a", world.row("a"))
    world.deliver(world.upload("a"))
    deleted, ready = told()
    assert ready.sequencer > deleted.sequencer


def test_what_follows_a_deletion_is_no_event(world, told):
    world.deliver(world.upload("a"))
    removal = world.remove("a")
    world.deliver(removal)
    world.deliver(removal)
    world.deliver(world.remove("a"))
    assert [event.image_id for event in told()] == ["a", "a"]


def test_an_image_that_was_deleted_and_is_erased_is_two_events(world, told):
    world.deliver(world.remove("a"))
    first = world.row("a")
    world.catalog.mark_deleted({**row_of_deletion("a", first, recoverable_days=1), "Erased": True})
    assert [event.erased for event in told()] == [False, True]
    assert len({event.id for event in told()}) == 2


def test_a_deletion_has_the_same_id_however_late_it_is_told(world, told):
    world.deliver(world.upload("a"))
    world.deliver(world.remove("a"))
    world.deliver(world.remove("a"))
    assert event_of(world.row("a"), ORIGINALS).id == told()[-1].id


def test_a_newer_upload_is_an_event_and_the_removal_of_the_variants_before_it_is_none(world, told):
    for data in (b"first", b"second"):
        world.deliver(world.upload("a", data))
    assert "Superseded" not in world.row("a")
    first, second = told()
    assert second.sequencer > first.sequencer
    assert second.id != first.id


def test_a_duplicate_delivery_is_no_event(world, told):
    record = world.upload("a")
    world.deliver(record)
    world.deliver(record)
    assert len(told()) == 1


def test_a_render_with_other_presets_is_another_event(world, told):
    record = world.upload("a")
    world.deliver(record)
    world.deliver(record, worker=world.worker(presets=OTHER_PRESETS))
    first, second = told()
    assert first.preset_hash != second.preset_hash
    assert set(second.variants) == {"thumbnail"}


def test_marking_a_row_to_be_rendered_again_is_no_event_and_the_render_is_one(world, dynamodb, told):
    record = world.upload("a")
    world.deliver(record)
    assert mark_stale(dynamodb, TABLE, world.row("a"))
    assert len(told()) == 1
    world.deliver(record)
    first, second = told()
    assert first.preset_hash == second.preset_hash
    assert first.id != second.id


@pytest.mark.parametrize(
    ("name", "earlier"),
    [
        ("Status", "FAILED"),
        ("Sequencer", "00"),
        ("PresetHash", "0123456789abcdef"),
        ("ProcessedAt", "2026-01-02T03:04:05.678Z"),
    ],
)
def test_a_change_of_anything_that_tells_outcomes_apart_is_another_event(world, name, earlier):
    world.deliver(world.upload("a"))
    after = world.row("a")
    event = event_of_change({**after, name: earlier}, after, ORIGINALS)
    assert event is not None
    assert event_of({**after, name: earlier, "Reason": "", "Error": ""}, ORIGINALS).id != event.id


def test_a_failed_image_that_a_redrive_brings_to_ready_is_two_events(world, told):
    record = world.upload("a")
    world.deliver(record, attempt=5, worker=world.worker(storage=Failing(world.storage, "fetch")))
    world.deliver(record)
    assert [type(event).__name__ for event in told()] == [
        "ImageFailedEvent",
        "ImageReadyEvent",
    ]


def test_an_outcome_has_the_same_id_however_it_is_told(world, told):
    world.deliver(world.upload("a"))
    [event] = told()
    assert told() == [event]
    assert event_of(world.row("a"), ORIGINALS) == event
    assert event_of(world.row("a"), "originals of another pipeline").id != event.id


def test_the_schema_refuses_what_is_no_event(world, told):
    world.deliver(world.upload("a"))
    good = delivered(told()[0])
    detail = {name: value for name, value in good["detail"].items() if name != "variants"}
    assert complaints(good) == []
    assert complaints({**good, "detail": detail})
    assert complaints({**good, "detail": {**good["detail"], "fileName": "x"}})
    assert complaints({**good, "detail-type": "Image Failed"})


def test_the_documented_examples_are_events():
    text = (ROOT / "docs" / "events.md").read_text("utf-8").partition("## Examples")[2]
    examples = [
        json.loads(each) for each in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]
    assert [example["detail-type"] for example in examples] == list(DETAIL_TYPES.values())
    assert [complaint for example in examples for complaint in complaints(example)] == []


def test_every_name_in_an_event_is_in_camel_case():
    names = re.findall(r'"(\w+)": \{', json.dumps([part["properties"] for part in SCHEMA["$defs"].values()]))
    assert {"imageId", "processedAt", "contentType"} <= set(names)
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)*", name) for name in names)
