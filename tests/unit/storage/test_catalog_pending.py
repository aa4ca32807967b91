"""Writing announced rows in batches of which the table takes as much as it likes."""

import pytest

from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_batches import TableBusy
from tests.unit.resize_environment import TABLE


def rows(count):
    return [{"ImageID": f"id{number}", "CreatedAt": "2026-01-01T00:00:00.000Z"} for number in range(count)]


class FakeBatches:
    """Takes as many rows of each BatchWriteItem call as it was told, and returns the rest."""

    def __init__(self, *takes):
        self._takes = list(takes)
        self.sizes, self.taken = [], []

    def batch_write_item(self, *, RequestItems):  # noqa: N803 - as in boto3
        [(table, items)] = RequestItems.items()
        self.sizes.append(len(items))
        takes = self._takes.pop(0) if self._takes else len(items)
        self.taken += [item["PutRequest"]["Item"]["ImageID"]["S"] for item in items[:takes]]
        left = items[takes:]
        return {"UnprocessedItems": {table: left} if left else {}}


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (25, [25]), (26, [25, 1]), (100, [25, 25, 25, 25])]
)
def test_pending_rows_are_written_in_batches_of_25(count, sizes):
    client = FakeBatches()
    Catalog(client, TABLE).put_pending(rows(count))
    assert client.sizes == sizes
    assert client.taken == [row["ImageID"] for row in rows(count)]


def test_a_hundred_pending_rows_arrive(dynamodb):
    Catalog(dynamodb, TABLE).put_pending(rows(100))
    assert dynamodb.scan(TableName=TABLE, Select="COUNT")["Count"] == 100


def test_rows_that_the_table_did_not_take_are_sent_again_after_waits_with_jitter():
    client, waits = FakeBatches(20, 3, 2), []
    Catalog(client, TABLE, sleep=waits.append).put_pending(rows(30))
    assert client.sizes == [25, 5, 2, 5]
    assert sorted(client.taken) == sorted(row["ImageID"] for row in rows(30))
    assert len(waits) == 2
    assert [0 <= wait <= 0.1 * 2**attempt for attempt, wait in enumerate(waits)] == [True, True]


def test_a_table_that_keeps_refusing_rows_is_busy():
    client, waits = FakeBatches(*[0] * 100), []
    with pytest.raises(TableBusy, match="3 rows"):
        Catalog(client, TABLE, sleep=waits.append).put_pending(rows(3))
    assert 2 <= len(client.sizes) <= 10
    assert sum(waits) < 10
