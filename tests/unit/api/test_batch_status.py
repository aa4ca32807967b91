import pytest

from handlers.api import batch_status
from handlers.api.batch_status import BatchStatus
from handlers.api.responses import Counts, Failure
from handlers.storage.catalog import Catalog
from tests.unit.resize_environment import TABLE


@pytest.fixture
def catalog(dynamodb):
    return Catalog(dynamodb, TABLE)


@pytest.fixture
def counting(dynamodb, catalog):
    return BatchStatus(dynamodb, TABLE, catalog)


def announce(catalog, count, *, owner="ada", batch_id="b1", prefix="i"):
    names = [f"{prefix}{number:03}" for number in range(count)]
    catalog.put_pending(
        [
            {
                "ImageID": name,
                "Owner": owner,
                "BatchID": batch_id,
                "FileName": f"{name}.jpg",
                "CreatedAt": "2026-01-01T00:00:00.000Z",
            }
            for name in names
        ]
    )
    return names


def settle(catalog, image_id, status, reason=None):
    row = {"ImageID": image_id, "Status": status, "Sequencer": "05", "PresetHash": "p"}
    if reason:
        row["Reason"] = reason
    catalog.fail(row) if status == "FAILED" else catalog.commit(row, None)


def counts(**given):
    return Counts(**{"PENDING": 0, "READY": 0, "REJECTED": 0, "FAILED": 0} | given)


def test_a_batch_is_counted_by_status(catalog, counting):
    names = announce(catalog, 20)
    for name in names[:5]:
        settle(catalog, name, "READY")
    settle(catalog, names[5], "REJECTED", "Truncated")
    settle(catalog, names[6], "FAILED", "ClientError")
    batch = counting.get("b1", "ada")
    assert (batch.batch_id, batch.total, batch.done) == ("b1", 20, False)
    assert batch.counts == counts(PENDING=13, READY=5, REJECTED=1, FAILED=1)
    assert batch.failures == [
        Failure(image_id=names[5], file_name="i005.jpg", status="REJECTED", reason="Truncated"),
        Failure(image_id=names[6], file_name="i006.jpg", status="FAILED", reason="ClientError"),
    ]


@pytest.mark.parametrize("small_shard", [1, 2, 5])
def test_large_shards_are_counted_the_same(monkeypatch, catalog, counting, small_shard):
    monkeypatch.setattr(batch_status, "_SMALL_SHARD", small_shard)
    for name in announce(catalog, 60)[::3]:
        settle(catalog, name, "READY")
    assert counting.get("b1", "ada").counts == counts(PENDING=40, READY=20)


def test_a_batch_is_done_when_nothing_is_pending(catalog, counting):
    for name in announce(catalog, 3):
        assert not counting.get("b1", "ada").done
        settle(catalog, name, "READY")
    assert counting.get("b1", "ada").done


def test_the_first_hundred_failures_are_told_in_the_order_of_announcement(catalog, counting):
    names = announce(catalog, 130)
    for number, name in enumerate(names):
        settle(catalog, name, "REJECTED" if number % 2 else "FAILED", "Why")
    batch = counting.get("b1", "ada")
    assert [failure.image_id for failure in batch.failures] == names[:100]
    assert batch.counts == counts(REJECTED=65, FAILED=65)


def test_a_batch_nobody_announced_to_is_none(catalog, counting):
    announce(catalog, 1)
    assert counting.get("b2", "ada") is None
    assert counting.get("b2", None) is None


def test_two_owners_of_one_batch_id_have_two_batches(catalog, counting):
    announce(catalog, 3, owner="ada", prefix="a")
    announce(catalog, 2, owner="bob", prefix="b")
    assert counting.get("b1", "ada").total == 3
    assert counting.get("b1", "bob").total == 2
    assert counting.get("b1", "eve") is None


def test_for_an_administrator_the_batches_of_all_owners_are_one(catalog, counting):
    for name in announce(catalog, 9, owner="ada", prefix="a"):
        settle(catalog, name, "REJECTED", "NotAnImage")
    announce(catalog, 2, owner="bob", prefix="b")
    batch = counting.get("b1", None)
    assert batch.counts == counts(REJECTED=9, PENDING=2)
    assert len(batch.failures) == 9
