"""What tries that came to nothing leave behind, and who removes it."""

import pytest

from handlers.contract.rejections import RenderTimedOut
from handlers.storage.catalog import Catalog
from tests.unit.resize_environment import MAX_RECEIVE_COUNT, TABLE, Failing, World


def test_variants_of_a_try_do_not_outlive_the_rejection_of_the_next(world):
    record = world.upload("a")
    world.deliver(record, worker=world.worker(catalog=Failing(world.catalog, "commit")))
    assert len(world.variants()) == 2
    world.render.error = RenderTimedOut()
    assert world.deliver(record) == ["rejected RenderTimedOut"]
    assert world.variants() == {}


def test_a_failed_row_goes_with_the_removal_of_its_original(world):
    record = world.upload("a")
    world.render.error = RuntimeError()
    world.deliver(record, attempt=MAX_RECEIVE_COUNT)
    assert world.row("a")["Status"] == "FAILED"
    removal = world.remove("a")
    world.render.error = None
    assert world.deliver(record) == ["done Vanished"]
    assert world.deliver(removal) == ["done Removed"]
    assert world.is_deleted("a")


@pytest.mark.parametrize("part", ["storage", "catalog"])
def test_variants_that_a_deletion_left_go_with_the_next_upload(world, part):
    world.deliver(world.upload("a", b"first"))
    crashing = world.worker(catalog=Failing(world.catalog, "forget_superseded"))
    world.deliver(world.upload("a", b"second"), worker=crashing)
    method = {"storage": "remove_variants", "catalog": "forget"}[part]
    crashing = world.worker(**{part: Failing(getattr(world, part), method)})
    assert world.deliver(world.remove("a"), worker=crashing) == ["retry ClientError"]
    assert world.row("a")["Status"] == "DELETED"
    assert {"Variants", "Superseded"} <= world.row("a").keys()
    assert world.deliver(world.upload("a", b"third")) == ["done Ready"]
    assert set(world.variants().values()) == {b"thumbnail of third", b"small of third"}
    assert "Superseded" not in world.row("a")
    assert world.is_consistent()


def test_uploads_of_the_same_bytes_share_no_variants_even_without_versions(dynamodb, clients):
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=False)
    world.deliver(world.upload("a", b"same"))
    first = set(world.variants())
    world.deliver(world.upload("a", b"same"))
    assert len(world.variants()) == 2
    assert not first & set(world.variants())


def test_what_a_late_worker_saw_superseded_does_not_hide_what_is_superseded_by_now(dynamodb):
    def ready(sequencer, key):
        variant = {"Key": key, "Width": 1, "Height": 1, "Bytes": 1, "ContentType": "image/jpeg"}
        row = {"ImageID": "a", "Status": "READY", "Sequencer": sequencer, "PresetHash": "hash"}
        return {**row, "Variants": {"thumbnail": variant}}

    catalog = Catalog(dynamodb, TABLE)
    catalog.commit(ready("01", "first"), None)
    catalog.commit(ready("02", "second"), catalog.get("a"))
    catalog.fail({**ready("03", ""), "Status": "FAILED", "Variants": catalog.get("a")["Variants"]})
    seen = catalog.get("a")
    assert seen["Superseded"]["thumbnail"]["Key"] == "first"
    catalog.forget_superseded(seen)
    catalog.commit(ready("03", "third"), catalog.get("a"))
    catalog.forget_superseded(seen)
    assert catalog.get("a")["Superseded"]["thumbnail"]["Key"] == "second"
