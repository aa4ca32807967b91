"""Deliveries that come twice, late, in any order, or while another worker is at the same image."""

import time

import pytest

from tests.unit.resize_environment import MAX_RECEIVE_COUNT, ORIGINALS, OTHER_PRESETS, Failing, World


def test_a_duplicate_is_not_rendered_again(world):
    record = world.upload("a")
    assert [world.deliver(record), world.deliver(record)] == [["done Ready"], ["done Duplicate"]]
    assert world.render.calls == 1
    assert world.is_consistent()


def test_a_duplicate_of_a_rejected_image_changes_nothing(world):
    record = world.upload("a", b"not an image")
    world.deliver(record)
    before = world.row("a")
    assert world.deliver(record) == ["done Duplicate"]
    assert world.render.calls == 1
    assert world.row("a") == before


def test_an_older_event_does_not_overwrite_a_newer_image(world):
    older, newer = world.upload("a", b"older"), world.upload("a", b"newer")
    world.deliver(newer)
    before = world.row("a")
    assert world.deliver(older) == ["done Stale"]
    assert world.row("a") == before
    assert world.render.calls == 1
    assert world.is_consistent()


def test_a_stale_event_removes_the_variants_that_an_earlier_try_of_it_left(world):
    older = world.upload("a", b"older")
    crashing = world.worker(catalog=Failing(world.catalog, "commit"))
    assert world.deliver(older, worker=crashing) == ["retry ClientError"]
    assert len(world.variants()) == 2
    world.deliver(world.upload("a", b"newer"))
    assert world.deliver(older) == ["done Stale"]
    assert set(world.variants().values()) == {b"thumbnail of newer", b"small of newer"}


def test_an_image_overwritten_while_queued_is_left_to_the_newer_event(world):
    older, newer = world.upload("a", b"older"), world.upload("a", b"newer")
    assert world.deliver(older) == ["done Overwritten"]
    assert world.row("a") is None
    assert world.deliver(newer) == ["done Ready"]
    assert world.row("a")["Bytes"] == 5
    assert world.is_consistent()


def test_variants_of_a_try_that_was_overwritten_do_not_stay(world):
    older = world.upload("a", b"older")
    world.deliver(older, worker=world.worker(catalog=Failing(world.catalog, "commit")))
    world.upload("a", b"newer")
    assert world.deliver(older) == ["done Overwritten"]
    assert world.variants() == {}


def test_an_original_that_vanished_while_queued_is_done(world):
    record = world.upload("a")
    world.deliver(record, worker=world.worker(catalog=Failing(world.catalog, "commit")))
    world.remove("a")
    assert world.deliver(record) == ["done Vanished"]
    assert world.row("a") is None
    assert world.variants() == {}


def test_a_second_upload_replaces_the_variants_of_the_first(world):
    world.deliver(world.upload("a", b"first"))
    old = set(world.variants())
    assert world.deliver(world.upload("a", b"second")) == ["done Ready"]
    assert not old & set(world.variants())
    assert set(world.variants().values()) == {b"thumbnail of second", b"small of second"}
    assert "Superseded" not in world.row("a")
    assert world.is_consistent()


def test_a_second_upload_that_is_rejected_removes_the_variants_of_the_first(world):
    world.deliver(world.upload("a"))
    assert world.deliver(world.upload("a", b"not an image")) == ["rejected NotAnImage"]
    assert world.variants() == {}
    row = world.row("a")
    assert row["Status"] == "REJECTED"
    gone = {"Variants", "ResizedImageKey", "Bucket", "Width", "Height", "Format", "Placeholder", "Superseded"}
    assert not gone & set(row)


def test_a_second_upload_that_is_an_image_forgets_the_reason_of_the_first(world):
    world.deliver(world.upload("a", b"not an image"))
    assert world.deliver(world.upload("a", b"pixels")) == ["done Ready"]
    assert "Reason" not in world.row("a")


def test_a_second_upload_that_fails_leaves_the_first_images_variants_until_it_succeeds(world):
    world.deliver(world.upload("a", b"first"))
    second = world.upload("a", b"second")
    world.render.error = RuntimeError()
    world.deliver(second, attempt=MAX_RECEIVE_COUNT)
    assert world.row("a")["Status"] == "FAILED"
    assert world.is_consistent()
    world.render.error = None
    assert world.deliver(second) == ["done Ready"]
    assert set(world.variants().values()) == {b"thumbnail of second", b"small of second"}


def test_the_failure_of_an_older_event_does_not_hide_a_newer_image(world):
    older, newer = world.upload("a", b"older"), world.upload("a", b"newer")
    world.deliver(newer)
    broken = world.worker(catalog=Failing(world.catalog, "get"))
    assert world.deliver(older, attempt=MAX_RECEIVE_COUNT, worker=broken) == ["retry ClientError"]
    assert world.row("a")["Status"] == "READY"


def test_other_presets_render_the_same_upload_anew(world):
    record = world.upload("a")
    world.deliver(record)
    before = world.row("a")
    assert world.deliver(record, worker=world.worker(presets=OTHER_PRESETS)) == ["done Ready"]
    row = world.row("a")
    assert row["Sequencer"] == before["Sequencer"]
    assert row["PresetHash"] != before["PresetHash"]
    assert list(row["Variants"]) == ["thumbnail"]
    assert set(world.variants().values()) == {b"thumbnail of pixels"}
    assert world.is_consistent()


def test_the_same_bytes_uploaded_again_without_versions_keep_their_variants(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    world.deliver(world.upload("a", b"same"))
    assert world.deliver(world.upload("a", b"same")) == ["done Ready"]
    assert len(world.variants()) == 2
    assert world.is_consistent()


def test_a_stale_event_about_the_same_bytes_leaves_the_newer_variants_alone(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    older, newer = world.upload("a", b"same"), world.upload("a", b"same")
    world.deliver(newer)
    assert world.deliver(older) == ["done Stale"]
    assert len(world.variants()) == 2


def test_a_removed_original_takes_its_variants_along(world):
    world.deliver(world.upload("a"))
    world.deliver(world.upload("b"))
    assert world.deliver(world.remove("a")) == ["done Removed"]
    assert world.is_deleted("a")
    assert world.row("b")["Status"] == "READY"
    assert len(world.variants()) == 2
    assert world.is_consistent()


@pytest.mark.parametrize("data", [b"pixels", b"not an image"])
def test_a_removal_that_arrives_twice_is_recorded_once(world, data):
    world.deliver(world.upload("a", data))
    removal = world.remove("a")
    assert world.deliver(removal) == ["done Removed"]
    recorded = world.row("a")
    unable = world.worker(catalog=Failing(world.catalog, "mark_deleted"))
    assert world.deliver(removal, worker=unable) == ["done Removed"]
    assert world.row("a") == recorded


def test_a_later_removal_of_the_same_image_keeps_the_time_of_its_deletion(world):
    world.deliver(world.upload("a"))
    world.deliver(world.remove("a"))
    first = world.row("a")
    world.deliver(world.remove("a"))
    second = world.row("a")
    assert second["DeletedAt"] == first["DeletedAt"]
    assert second["Sequencer"] > first["Sequencer"]


def test_an_image_uploaded_after_its_deletion_is_an_image_again_with_its_owner(world):
    world.catalog.put_pending([{"ImageID": "a", "Owner": "ada", "FileName": "x.jpg", "ExpiresAt": 1}])
    world.deliver(world.upload("a", b"first"))
    world.deliver(world.remove("a"))
    assert world.deliver(world.upload("a", b"second")) == ["done Ready"]
    row = world.row("a")
    assert (row["Status"], row["Owner"], row["FileName"]) == ("READY", "ada", "x.jpg")
    assert not {"DeletedAt", "Erased", "ExpiresAt"} & row.keys()
    assert world.is_consistent()


@pytest.mark.parametrize("days", [1, 14, 200])
def test_a_deletion_is_remembered_while_the_original_can_be_recovered_and_its_events_can_be_late(world, days):
    world.deliver(world.remove("a"), worker=world.worker(old_version_days=days))
    left = world.row("a")["ExpiresAt"] - time.time()
    assert abs(left - max(days, 14) * 86_400) < 60


def test_nothing_that_was_found_in_a_deleted_image_is_remembered(world):
    world.catalog.put_pending([{"ImageID": "a", "Owner": "ada", "CreatedAt": "2026", "ExpiresAt": 1}])
    world.deliver(world.upload("a"))
    world.deliver(world.remove("a"))
    assert world.row("a").keys() == {
        "CreatedAt",
        "ContentType",
        "DeletedAt",
        "ExpiresAt",
        "ImageID",
        "OriginalKey",
        "Owner",
        "PresetHash",
        "Sequencer",
        "Status",
    }


def test_a_removal_before_the_upload_was_handled_wins(world):
    world.catalog.put_pending([{"ImageID": "a", "ExpiresAt": 1}])
    created, removed = world.upload("a"), world.remove("a")
    assert world.deliver(removed) == ["done Removed"]
    assert world.deliver(created) == ["done Stale"]
    assert world.is_deleted("a")
    assert world.variants() == {}


def test_a_removal_does_not_touch_an_image_uploaded_after_it(world):
    world.deliver(world.upload("a", b"first"))
    removal, again = world.remove("a"), world.upload("a", b"second")
    assert world.deliver(removal) == ["done Overwritten"]
    assert world.deliver(again) == ["done Ready"]
    assert world.deliver(removal) == ["done Stale"]
    assert world.row("a")["Status"] == "READY"
    assert world.is_consistent()


def test_removing_an_old_version_leaves_the_image_alone(world):
    old = world.upload("a", b"old")["s3"]["object"]["versionId"]
    world.deliver(world.upload("a", b"new"))
    world.s3.delete_object(Bucket="originals", Key="uploads/a", VersionId=old)
    removal = world.removal("a")
    assert world.deliver(removal) == ["done Overwritten"]
    assert world.row("a")["Status"] == "READY"


def test_a_stale_removal_is_decided_without_asking_s3(world):
    removal = world.removal("a")
    world.deliver(world.upload("a"))
    worker = world.worker(storage=Failing(world.storage, "exists", "remove_variants"))
    assert world.deliver(removal, worker=worker) == ["done Stale"]


def test_an_original_that_is_not_there_any_more_keeps_its_variants_unless_its_removal_was_an_event(world):
    created = world.upload("a")
    world.deliver(created)
    world.s3.delete_object(Bucket=ORIGINALS, Key="uploads/a")  # as the lifecycle of the bucket does
    assert world.deliver(created) == ["done Duplicate"]
    assert world.row("a")["Status"] == "READY"
    assert len(world.variants()) == 2


def test_an_original_that_vanished_is_not_left_as_failed(world):
    created = world.upload("a")
    world.render.error = RuntimeError()
    world.render.meanwhile = lambda: world.deliver(world.remove("a"))
    assert world.deliver(created, attempt=MAX_RECEIVE_COUNT) == ["done Removed", "retry RuntimeError"]
    assert world.is_deleted("a")
