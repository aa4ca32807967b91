"""Originals that may not be read before they were scanned, with S3 as the function's role may use it."""

import pytest
from botocore.exceptions import ClientError

from handlers.scanning import MAX_WAIT_SECONDS
from tests.unit.gated import PATIENCE_SECONDS, Gated
from tests.unit.world import MAX_RECEIVE_COUNT, ORIGINALS, OTHER_PRESETS, QUEUE_URL, Failing, World, s3_record


@pytest.fixture
def gated(world):
    return Gated(world)


def test_a_clean_original_is_rendered(gated, world):
    record = world.upload("a")
    gated.tag("a", "NO_THREATS_FOUND")
    assert gated.deliver(record) == ["done Ready"]
    assert world.row("a")["Status"] == "READY"
    assert gated.sent == []


def test_an_original_without_a_result_is_not_read_and_waits_in_a_message_of_its_own(gated, world):
    world.catalog.put_pending([{"ImageID": "a b", "ExpiresAt": 1}])
    record = world.upload("a b")
    assert gated.deliver(record, attempt=MAX_RECEIVE_COUNT) == ["resent AwaitingScan"]
    assert (gated.s3.reads, world.render.calls) == (0, 0)
    assert world.row("a b")["Status"] == "PENDING"
    [call] = gated.sent
    assert call["QueueUrl"] == QUEUE_URL
    assert 1 <= call["DelaySeconds"] <= MAX_WAIT_SECONDS
    assert world.postponed == []


def test_what_is_sent_again_is_the_event_as_it_came(gated, world):
    record = world.upload("a b/山+1")
    gated.deliver(record)
    gated.deliver_what_was_sent()
    [event] = gated.events_sent()
    described = record["s3"]["object"]
    assert event.key == "uploads/a b/山+1"
    assert (event.kind, event.bucket, event.time) == ("created", ORIGINALS, record["eventTime"])
    assert (event.size, event.etag, event.version_id) == (6, described["eTag"], described["versionId"])
    assert event.sequencer == described["sequencer"]


def test_an_original_that_waited_is_rendered_once_it_is_clean(gated, world):
    gated.deliver(world.upload("a"))
    gated.tag("a", "NO_THREATS_FOUND")
    assert gated.deliver_what_was_sent() == ["done Ready"]
    assert world.row("a")["Attempts"] == 1
    assert world.is_consistent()


@pytest.mark.parametrize(
    ("status", "reason"), [("THREATS_FOUND", "MalwareFound"), ("UNSUPPORTED", "NotScannable")]
)
def test_an_original_that_may_never_be_read_is_rejected_unread(gated, world, status, reason):
    world.catalog.put_pending([{"ImageID": "a", "FileName": "x.jpg", "ExpiresAt": 1}])
    record = world.upload("a")
    gated.tag("a", status)
    assert gated.deliver(record) == [f"rejected {reason}"]
    assert gated.s3.reads == 0
    row = world.row("a")
    assert (row["Status"], row["Reason"], row["FileName"]) == ("REJECTED", reason, "x.jpg")
    assert gated.deliver(record) == ["done Duplicate"]


@pytest.mark.parametrize("status", ["FAILED", "ACCESS_DENIED"])
def test_a_scan_that_failed_is_retried_marked_failed_and_mended_by_another_scan(gated, world, status):
    record = world.upload("a")
    gated.tag("a", status)
    assert gated.deliver(record) == ["retry ScanFailed"]
    assert world.row("a") is None
    assert gated.deliver(record, attempt=MAX_RECEIVE_COUNT) == ["retry ScanFailed"]
    row = world.row("a")
    assert (row["Status"], row["Reason"], row["Error"]) == ("FAILED", "ScanFailed", status)
    gated.tag("a", "NO_THREATS_FOUND")
    assert gated.deliver(record) == ["done Ready"]


def test_a_scan_that_is_overdue_is_retried_and_ends_failed(gated, world):
    gated.waited = PATIENCE_SECONDS + 1
    record = world.upload("a")
    assert gated.deliver(record) == ["retry ScanOverdue"]
    assert gated.deliver(record, attempt=MAX_RECEIVE_COUNT) == ["retry ScanOverdue"]
    assert gated.sent == []
    assert (world.row("a")["Status"], world.row("a")["Reason"]) == ("FAILED", "ScanOverdue")


def test_a_backfill_of_an_original_that_was_never_scanned_fails_and_leaves_the_image_as_it_is(gated, world):
    record = world.upload("a")
    world.deliver(record)
    before = world.row("a")
    gated.waited = 365 * 86_400
    lines = gated.deliver(record, attempt=MAX_RECEIVE_COUNT, presets=OTHER_PRESETS)
    assert lines == ["retry ScanOverdue"]
    assert world.row("a") == before
    gated.tag("a", "NO_THREATS_FOUND")
    assert gated.deliver(record, presets=OTHER_PRESETS) == ["done Ready"]
    assert world.is_consistent()


def test_an_original_that_is_rendered_already_needs_no_tag_for_its_duplicates(gated, world):
    record = world.upload("a")
    world.deliver(record)
    assert gated.deliver(record) == ["done Duplicate"]
    assert world.row("a")["Status"] == "READY"


def test_an_original_that_is_too_large_is_rejected_without_a_scan(gated, world):
    assert gated.deliver(world.upload("a", b"x" * 1001)) == ["rejected TooLarge"]
    assert gated.sent == []


def test_an_original_that_is_removed_while_it_waits_leaves_nothing(gated, world):
    world.catalog.put_pending([{"ImageID": "a", "ExpiresAt": 1}])
    gated.deliver(world.upload("a"))
    assert gated.deliver(world.remove("a")) == ["done Removed"]
    assert gated.deliver_what_was_sent() == ["done Vanished"]
    assert world.row("a") is None
    assert world.variants() == {}


def test_a_failed_row_of_an_original_that_vanished_while_it_waited_goes(gated, world):
    record = world.upload("a")
    gated.tag("a", "FAILED")
    gated.deliver(record, attempt=MAX_RECEIVE_COUNT)
    world.remove("a")
    assert gated.deliver(record) == ["done Vanished"]
    assert world.row("a") is None


@pytest.mark.parametrize("verdict", ["NO_THREATS_FOUND", "THREATS_FOUND", None])
def test_the_scan_of_a_newer_upload_says_nothing_about_an_older_one(gated, world, verdict):
    older, newer = world.upload("a", b"older"), world.upload("a", b"newer")
    gated.tag("a", "NO_THREATS_FOUND", older["s3"]["object"]["versionId"])
    if verdict:
        gated.tag("a", verdict)
    assert gated.deliver(older) == ["done Overwritten"]
    assert world.row("a") is None
    ends = {"NO_THREATS_FOUND": "done Ready", "THREATS_FOUND": "rejected MalwareFound"}
    assert gated.deliver(newer) == [ends.get(verdict, "resent AwaitingScan")]


def test_an_upload_between_the_look_at_the_tag_and_the_reading_is_not_read(gated, world):
    record = world.upload("a")
    gated.tag("a", "NO_THREATS_FOUND")

    class Overtaken(type(gated.storage)):
        def scan(self, key):
            found = super().scan(key)
            world.upload("a", b"unscanned")
            return found

    storage = Overtaken(gated.s3, originals_bucket=ORIGINALS, variants_bucket="variants")
    assert gated.deliver(record, storage=storage) == ["retry ClientError"]
    assert gated.s3.reads == 0
    assert gated.deliver(record) == ["done Overwritten"]


def test_variants_of_an_earlier_try_stay_as_long_as_its_event_waits(gated, world):
    record = world.upload("a")
    crashing = world.worker(catalog=Failing(world.catalog, "commit"))
    world.deliver(record, worker=crashing)
    assert gated.deliver(record) == ["resent AwaitingScan"]
    assert len(world.variants()) == 2
    gated.tag("a", "THREATS_FOUND")
    assert gated.deliver_what_was_sent() == ["rejected MalwareFound"]
    assert world.variants() == {}


def test_an_event_that_cannot_be_sent_again_is_not_acknowledged(gated, world):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "Throttled", "Message": ""}}, "SendMessage")

    record = world.upload("a")
    assert gated.deliver(record, send=refuse) == ["retry ClientError"]
    assert len(world.postponed) == 1


def test_only_the_record_that_waits_is_sent_again(gated, world):
    clean, waiting = world.upload("clean"), world.upload("waiting")
    gated.tag("clean", "NO_THREATS_FOUND")
    assert sorted(gated.deliver(clean, waiting)) == ["done Ready", "resent AwaitingScan"]
    assert [event.key for event in gated.events_sent()] == ["uploads/waiting"]
    assert world.postponed == []


def test_duplicates_of_an_original_that_waits_end_with_one_image(gated, world):
    record = world.upload("a")
    gated.deliver(record)
    gated.deliver(record)
    assert len(gated.sent) == 2
    gated.tag("a", "NO_THREATS_FOUND")
    assert [gated.deliver_what_was_sent(), gated.deliver_what_was_sent()] == [
        ["done Ready"],
        ["done Duplicate"],
    ]
    assert len(world.variants()) == 2


def test_an_original_whose_scan_found_malware_can_be_removed(gated, world):
    record = world.upload("a")
    gated.tag("a", "THREATS_FOUND")
    gated.deliver(record)
    assert gated.deliver(world.remove("a")) == ["done Removed"]
    assert world.row("a") is None


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
def test_an_error_about_tags_does_not_pass_for_an_original_that_is_gone(gated, world, code):
    error = ClientError({"Error": {"Code": code, "Message": ""}}, "GetObjectTagging")
    gated.storage._client = Failing(gated.s3, "get_object_tagging", error=error)
    assert gated.deliver(world.upload("a")) == ["retry ClientError"]
    with pytest.raises(ClientError, match=code):
        gated.storage.exists("uploads/a")


@pytest.mark.parametrize("code", ["NoSuchKey", "MethodNotAllowed"])
def test_a_delete_marker_is_no_original_however_s3_says_so(gated, world, code):
    error = ClientError({"Error": {"Code": code, "Message": ""}}, "GetObjectTagging")
    gated.storage._client = Failing(gated.s3, "get_object_tagging", error=error)
    assert not gated.storage.exists("uploads/a")


def test_a_bucket_without_versions_is_gated_too(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    gated = Gated(world)
    record = world.upload("a")
    assert gated.deliver(record) == ["resent AwaitingScan"]
    gated.tag("a", "NO_THREATS_FOUND")
    assert gated.deliver_what_was_sent() == ["done Ready"]


def test_the_event_of_a_clock_ahead_of_ours_waits_like_any_other(gated, world):
    gated.waited = -30
    assert gated.deliver(world.upload("a")) == ["resent AwaitingScan"]
    assert gated.sent[0]["DelaySeconds"] >= 1


def test_a_removal_asks_for_no_scan(gated, world):
    removal = s3_record("uploads/never", event="ObjectRemoved:Delete")
    assert gated.deliver(removal) == ["done Unknown"]
