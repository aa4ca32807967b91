"""The three outcomes of one record, one test a line of what the service promises."""

import dataclasses
import json

import pytest

from handlers.contract import keys
from handlers.contract.indexes import shard_of
from handlers.contract.presets import parse_presets, preset_hash
from handlers.contract.rejections import Truncated
from handlers.contract.rows import iso_8601
from tests.unit.resize_environment import (
    EXPRESS_ID,
    FACTS,
    MAX_RECEIVE_COUNT,
    ORIGINALS,
    OTHER_PRESETS,
    PRESETS,
    QUEUE_URLS,
    Failing,
    message,
)

PRESET_HASH = preset_hash(parse_presets(PRESETS))


def test_an_upload_becomes_its_variants_and_a_ready_row(world):
    record = world.upload("a", b"pixels")
    assert world.deliver(record) == ["done Ready"]
    render = keys.render_of(record["s3"]["object"]["versionId"], PRESET_HASH)
    assert world.variants() == {
        f"resized/a/{render}/thumbnail.jpg": b"thumbnail of pixels",
        f"resized/a/{render}/small.webp": b"small of pixels",
    }
    row = world.row("a")
    assert row.pop("ProcessedAt")
    uploaded = world.s3.head_object(Bucket=ORIGINALS, Key="uploads/a")["LastModified"]
    assert row == {
        "ImageID": "a",
        "Shard": shard_of("a"),
        "Status": "READY",
        "OriginalKey": "uploads/a",
        "Bucket": "variants",
        "ResizedImageKey": f"resized/a/{render}/thumbnail.jpg",
        "Variants": {
            "thumbnail": {
                "Key": f"resized/a/{render}/thumbnail.jpg",
                "Width": 128,
                "Height": 128,
                "Bytes": 19,
                "ContentType": "image/jpeg",
            },
            "small": {
                "Key": f"resized/a/{render}/small.webp",
                "Width": 512,
                "Height": 512,
                "Bytes": 15,
                "ContentType": "image/webp",
            },
        },
        "ContentType": "image/png",
        "Format": "PNG",
        "Width": 640,
        "Height": 480,
        "Frames": 1,
        "BitDepth": 8,
        "HasAlpha": True,
        "DominantColor": "#102030",
        "Placeholder": "AAAA",
        "CapturedAt": "2026-01-02T04:04:05+01:00",
        "Camera": "Canon EOS R5",
        "Bytes": 6,
        "ETag": record["s3"]["object"]["eTag"],
        "VersionId": record["s3"]["object"]["versionId"],
        "Sequencer": "0055AED6DCD9000001",
        "PresetHash": PRESET_HASH,
        "UploadedAt": iso_8601(uploaded),
        "CreatedAt": iso_8601(uploaded),
        "Attempts": 1,
    }


def test_a_newer_image_without_moment_and_camera_takes_nothing_of_the_earlier_one(world):
    world.deliver(world.upload("a"))
    world.render.facts = dataclasses.replace(FACTS, captured_at="", camera="")
    world.deliver(world.upload("a"))
    assert not {"CapturedAt", "Camera"} & set(world.row("a"))


def test_another_setting_of_metadata_is_another_render(world):
    record = world.upload("a")
    world.deliver(record)
    before = world.row("a")
    assert world.deliver(record, worker=world.worker(metadata="none")) == ["done Ready"]
    assert world.row("a")["PresetHash"] != before["PresetHash"]
    assert world.row("a")["ResizedImageKey"] != before["ResizedImageKey"]


def test_the_variants_are_stored_with_the_content_types_of_their_presets(world):
    world.deliver(world.upload("a"))
    types = {
        key.rsplit(".")[-1]: world.s3.head_object(Bucket="variants", Key=key)["ContentType"]
        for key in world.variants()
    }
    assert types == {"jpg": "image/jpeg", "webp": "image/webp"}


@pytest.mark.parametrize("image_id", ["a b", "1+1=2", "100%", "a%2Fb", "2026/01/a.jpg", "山/😀", "e\u0301"])
def test_files_dropped_under_any_name_become_images(world, image_id):
    assert world.deliver(world.upload(image_id)) == ["done Ready"]
    row = world.row(image_id)
    assert (row["Status"], row["OriginalKey"]) == ("READY", f"uploads/{image_id}")
    assert "FileName" not in row
    assert world.is_consistent()


def test_an_announced_image_keeps_what_was_announced_and_expires_no_more(world):
    announced = {"FileName": "x.jpg", "BatchID": "b1", "CreatedAt": "2020-01-01T00:00:00.000Z"}
    world.catalog.put_pending([{"ImageID": "a", **announced, "ExpiresAt": 1}])
    world.deliver(world.upload("a"))
    row = world.row("a")
    assert row.items() >= announced.items()
    assert row["Status"] == "READY"
    assert "ExpiresAt" not in row


def test_bytes_that_are_no_image_are_rejected_with_their_reason(world):
    world.catalog.put_pending([{"ImageID": "a", "FileName": "x.jpg", "ExpiresAt": 1}])
    assert world.deliver(world.upload("a", b"not an image")) == ["rejected NotAnImage"]
    row = world.row("a")
    assert (row["Status"], row["Reason"], row["FileName"]) == ("REJECTED", "NotAnImage", "x.jpg")
    assert (row["Bytes"], row["Attempts"]) == (12, 1)
    assert "ExpiresAt" not in row
    assert world.variants() == {}


def test_a_rejection_is_acknowledged_even_on_the_last_receive(world):
    world.deliver(world.upload("a", b"not an image"), attempt=MAX_RECEIVE_COUNT)
    assert world.row("a")["Status"] == "REJECTED"
    assert world.postponed == []


def test_the_reason_is_the_name_of_the_rejection(world):
    world.render.error = Truncated("half of it")
    world.deliver(world.upload("a"))
    assert world.row("a")["Reason"] == "Truncated"


def test_an_object_that_its_event_says_is_too_large_is_not_even_read(world):
    worker = world.worker(storage=Failing(world.storage, "fetch"))
    assert world.deliver(world.upload("a", b"x" * 1001), worker=worker) == ["rejected TooLarge"]
    assert world.render.calls == 0
    assert world.row("a")["Reason"] == "TooLarge"


def test_an_object_of_just_the_allowed_size_is_rendered(world):
    assert world.deliver(world.upload("a", b"x" * 1000)) == ["done Ready"]


def test_the_renderer_is_given_the_presets_and_limits_of_the_stack(world):
    given = []
    worker = world.worker(max_pixels=77)
    render = worker._render
    worker._render = lambda data, presets, limits: (
        given.append((presets, limits)) or render(data, presets, limits)
    )
    world.deliver(world.upload("a"), worker=worker)
    assert given[0][0] == parse_presets(PRESETS)
    assert (given[0][1].max_pixels, given[0][1].max_bytes) == (77, 1000)


@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("catalog", "get"),
        ("storage", "fetch"),
        ("storage", "put_variant"),
        ("catalog", "commit"),
    ],
)
def test_whatever_fails_on_the_way_is_retried_and_then_succeeds(world, part, method):
    record = world.upload("a")
    worker = world.worker(**{part: Failing(getattr(world, part), method)})
    assert world.deliver(record, worker=worker) == ["retry ClientError"]
    assert len(world.postponed) == 1
    assert world.deliver(record, attempt=2)[0] in {"done Ready", "done Duplicate"}
    assert world.row("a")["Status"] == "READY"
    assert world.is_consistent()


def test_a_bug_in_the_renderer_is_retried(world):
    world.render.error = ZeroDivisionError()
    assert world.deliver(world.upload("a")) == ["retry ZeroDivisionError"]
    assert world.row("a") is None


def test_a_failing_message_is_made_visible_again_after_its_delay(world):
    world.render.error = RuntimeError()
    world.deliver(world.upload("a"), attempt=3)
    [call] = world.postponed
    assert (call["QueueUrl"], call["ReceiptHandle"]) == (QUEUE_URLS["bulk"], "receipt of m1")
    assert 0 <= call["VisibilityTimeout"] <= 40


def test_the_last_receive_marks_the_image_failed_and_still_reports_the_failure(world):
    world.catalog.put_pending([{"ImageID": "a", "FileName": "x.jpg", "ExpiresAt": 1}])
    world.render.error = RuntimeError("b" * 1000)
    record = world.upload("a")
    assert world.deliver(record, attempt=MAX_RECEIVE_COUNT) == ["retry RuntimeError"]
    row = world.row("a")
    assert (row["Status"], row["Reason"], row["Attempts"]) == ("FAILED", "RuntimeError", MAX_RECEIVE_COUNT)
    assert row["Error"] == "b" * 300
    assert row["FileName"] == "x.jpg"
    assert "ExpiresAt" not in row


def test_a_failed_image_whose_message_comes_back_becomes_ready(world):
    record = world.upload("a")
    world.render.error = RuntimeError()
    world.deliver(record, attempt=MAX_RECEIVE_COUNT)
    world.render.error = None
    assert world.deliver(record) == ["done Ready"]
    row = world.row("a")
    assert row["Status"] == "READY"
    assert not {"Reason", "Error"} & set(row)


def test_a_failed_image_whose_message_comes_back_can_be_rejected(world):
    record = world.upload("a", b"not an image")
    world.render.error = RuntimeError()
    world.deliver(record, attempt=MAX_RECEIVE_COUNT)
    world.render.error = None
    assert world.deliver(record) == ["rejected NotAnImage"]
    assert world.row("a")["Reason"] == "NotAnImage"
    assert "Error" not in world.row("a")


def test_a_failure_that_cannot_be_recorded_is_still_retried(world):
    worker = world.worker(catalog=Failing(world.catalog, "get", "fail"))
    lines = world.deliver(world.upload("a"), attempt=MAX_RECEIVE_COUNT, worker=worker)
    assert lines == ["retry ClientError", "retry GiveUpClientError"]
    assert len(world.postponed) == 1


def test_a_removal_that_keeps_failing_does_not_mark_its_image_failed(world):
    world.deliver(world.upload("a"))
    worker = world.worker(storage=Failing(world.storage, "exists"))
    world.deliver(world.remove("a"), attempt=MAX_RECEIVE_COUNT, worker=worker)
    assert world.row("a")["Status"] == "READY"


def test_only_the_failing_record_of_a_message_is_retried(world):
    records = [world.upload(name) for name in "abc"]
    del records[1]["s3"]["object"]["sequencer"]
    assert sorted(world.deliver(*records)) == ["done Ready", "done Ready", "retry MalformedMessage"]
    assert world.row("a")["Status"] == world.row("c")["Status"] == "READY"


def test_the_test_event_of_s3_asks_nothing_of_the_worker(world):
    body = json.dumps({"Event": "s3:TestEvent", "Bucket": "originals"})
    assert world.deliver_message(message(body=body)) == []
    assert world.postponed == []


@pytest.mark.parametrize(
    "key",
    [
        *("uploads/folder/", "elsewhere/a", "elsewhere/" + "x" * 1000),
        *(f"uploads/{EXPRESS_ID}", "express/a"),
    ],
)
def test_an_object_that_is_no_original_is_acknowledged(world, key):
    record = world.upload("a")
    record["s3"]["object"]["key"] = key
    assert world.deliver(record) == ["done NotAnOriginal"]


@pytest.mark.parametrize("size", [970, 1024])
def test_an_original_whose_key_is_too_long_is_acknowledged_with_a_word(world, size):
    record = world.upload("x" * (size - len("uploads/")))
    assert world.deliver(record) == ["done KeyTooLong"]
    assert world.variants() == {}


def test_an_event_about_another_bucket_is_kept_for_people_to_look_at(world):
    record = world.upload("a")
    record["s3"]["bucket"]["name"] = "foreign"
    assert world.deliver(record, attempt=MAX_RECEIVE_COUNT) == ["retry ForeignEvent"]
    assert world.row("a") is None


def test_the_attempt_that_succeeded_is_remembered(world):
    world.deliver(world.upload("a"), attempt=3)
    assert world.row("a")["Attempts"] == 3


def test_presets_without_a_thumbnail_are_refused_at_the_start(world):
    with pytest.raises(ValueError, match="thumbnail"):
        world.worker(presets=tuple(line.replace("thumbnail", "tiny") for line in OTHER_PRESETS))
