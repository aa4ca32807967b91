"""Reading many rows at once, of which the table gives as many as it likes."""

import pytest

from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_batches import TableBusy
from tests.unit.resize_environment import TABLE


class FakeReads:
    """Gives as many rows of each BatchGetItem call as it was told, and leaves the rest."""

    def __init__(self, *gives):
        self._gives = list(gives)
        self.sizes = []

    def batch_get_item(self, *, RequestItems):  # noqa: N803 - as in boto3
        [(table, request)] = RequestItems.items()
        assert request["ConsistentRead"]
        self.sizes.append(len(request["Keys"]))
        gives = self._gives.pop(0) if self._gives else len(request["Keys"])
        left = request["Keys"][gives:]
        return {
            "Responses": {table: request["Keys"][:gives]},
            "UnprocessedKeys": {table: {"Keys": left}} if left else {},
        }


def test_rows_that_the_table_did_not_give_are_requested_again_after_waits_with_jitter():
    client, waits = FakeReads(2, 1), []
    found = Catalog(client, TABLE, sleep=waits.append).get_many(["a", "b", "c", "d", "e"])
    assert sorted(found) == ["a", "b", "c", "d", "e"]
    assert client.sizes == [5, 3, 2]
    assert [0 <= wait <= 0.1 * 2**attempt for attempt, wait in enumerate(waits)] == [True] * 2


def test_a_table_that_keeps_giving_nothing_is_busy():
    client, waits = FakeReads(*[0] * 100), []
    with pytest.raises(TableBusy, match="2 rows"):
        Catalog(client, TABLE, sleep=waits.append).get_many(["a", "b"])
    assert sum(waits) < 10


def test_no_rows_are_read_without_asking():
    client = FakeReads()
    assert Catalog(client, TABLE).get_many([]) == {}
    assert client.sizes == []


def test_a_row_is_asked_for_once_and_left_out_if_there_is_none(dynamodb):
    catalog = Catalog(dynamodb, TABLE)
    catalog.put_pending([{"ImageID": "a"}])
    assert catalog.get_many(["a", "a", "no"]).keys() == {"a"}


def test_only_a_pending_row_is_kept_pending(dynamodb):
    catalog = Catalog(dynamodb, TABLE)
    catalog.put_pending([{"ImageID": "a", "ExpiresAt": 1}])
    assert catalog.keep_pending("a", 5)
    assert catalog.get("a")["ExpiresAt"] == 5
    assert not catalog.keep_pending("no", 5)
    assert catalog.get("no") is None
