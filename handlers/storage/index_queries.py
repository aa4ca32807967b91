"""The arguments of a Query on one of the table's indexes."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.indexes import Index
from handlers.storage.dynamodb_items import to_item


def key_query(
    index: Index,
    equal: Mapping[str, Any],
    *,
    above: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Rows whose key has the values in `equal`: the partition key and the sort key from the left.

    `above` is one further attribute of the sort key and what it has to be greater than; `after`
    is the rest of the key that an earlier page ended with.
    """
    greater = above or {}
    assert {*index.partition} <= equal.keys()
    assert tuple({**equal, **greater}) == (*index.partition, *index.sort)[: len(equal) + len(greater)]
    conditions = [f"#{name} = :{name}" for name in equal] + [f"#{name} > :{name}" for name in greater]
    compared = {**equal, **greater}
    request = {
        "IndexName": index.name,
        "KeyConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {f"#{name}": name for name in compared},
        "ExpressionAttributeValues": {f":{name}": value for name, value in to_item(compared).items()},
    }
    if after:
        request["ExclusiveStartKey"] = to_item({**equal, **after})
    return request
