"""Whole stores are lost and rebuilt from the originals by `imagectl reconcile --repair`."""

import pytest

from handlers.contract.original_metadata import encode
from handlers.publish.completion_events import event_of_change
from tests.unit.resize_environment import EXPRESS_ID, ORIGINALS, TABLE, VARIANTS

AT_ONCE = ("--grace-minutes", "0", "--stuck-minutes", "0", "--rate", "10000")
# What a rebuild cannot know: when it was processed before, and which event of S3 that was.
NEW = {"ProcessedAt", "Attempts", "Sequencer"}
CONTENTS = {"a": b"pixels", "b": b"not an image", "c": b"x" * 1001, EXPRESS_ID: b"other pixels"}


def announcement(image_id):
    return {
        "ImageID": image_id,
        "Owner": f"owner of {image_id}",
        "FileName": f"山 {image_id}\n.jpg",
        "BatchID": "b1",
        "CreatedAt": "2026-03-04T05:06:07.890Z",
        "ExpiresAt": 1,
    }


@pytest.fixture
def rows(world):
    """The rows of announced images and of a dropped file, by ImageID."""
    for image_id, data in CONTENTS.items():
        row = announcement(image_id)
        world.catalog.put_pending([row])
        world.deliver(world.upload(image_id, data, encode(row)), attempt=2)
    world.deliver(world.upload("dropped/山.jpg"))
    return rows_of(world)


def rows_of(world):
    scanned = world.catalog._client.scan(TableName=TABLE)["Items"]
    return {image_id: world.row(image_id) for image_id in (item["ImageID"]["S"] for item in scanned)}


def lasting(rows):
    return {
        image_id: {name: value for name, value in row.items() if name not in NEW}
        for image_id, row in rows.items()
    }


def lose_table(world, rows):
    for image_id in rows:
        world.catalog._client.delete_item(TableName=TABLE, Key={"ImageID": {"S": image_id}})


def lose_variants(world):
    for key in world.variants():
        world.s3.delete_object(Bucket=VARIANTS, Key=key)


@pytest.fixture
def rebuild(imagectl, waiting, world):
    def run():
        ran = imagectl("reconcile", "--repair", "--yes", "--json", *AT_ONCE)
        assert ran.code == 0
        for record in waiting():
            world.deliver(record)
        after = imagectl("reconcile", "--json", *AT_ONCE)
        assert (after.code, after.lines[-1]["clean"]) == (0, True), after.out

    return run


@pytest.mark.parametrize("lost", [("table",), ("variants",), ("table", "variants")], ids="+".join)
def test_what_was_lost_is_as_it_was(rebuild, rows, world, lost):
    variants = world.variants()
    assert {row["Status"] for row in rows.values()} == {"READY", "REJECTED"}
    if "table" in lost:
        lose_table(world, rows)
    if "variants" in lost:
        lose_variants(world)
    rebuild()
    assert lasting(rows_of(world)) == lasting(rows)
    assert world.variants() == variants
    assert world.is_consistent()


def test_a_rebuilt_image_is_published_again_as_one_whose_place_among_events_is_not_known(
    rebuild, rows, world
):
    lose_table(world, rows)
    assert [event_of_change(row, None, ORIGINALS) for row in rows.values()] == [None] * len(rows)
    rebuild()
    for image_id, row in rows_of(world).items():
        before = event_of_change(None, rows[image_id], ORIGINALS)
        event = event_of_change(None, row, ORIGINALS)
        assert type(event) is type(before)
        assert (event.sequencer, event.id != before.id) == ("0", True)
        assert event.processed_at > before.processed_at
        assert getattr(event, "variants", None) == getattr(before, "variants", None)


def test_an_event_of_s3_that_comes_after_the_rebuild_wins_over_it(rebuild, rows, world):
    lose_table(world, rows)
    rebuild()
    world.deliver(world.upload("a", b"newer pixels", encode(announcement("a"))))
    assert all(
        data.endswith(b"newer pixels")
        for key, data in world.variants().items()
        if key.startswith("resized/a/")
    )
    assert world.is_consistent()
