"""Lists of images, newest first, from the sharded indexes."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from handlers.api.cursor import Position, decode_cursor, encode_cursor
from handlers.contract.indexes import BY_AGE, BY_OWNER, BY_OWNER_AND_STATUS, BY_STATUS, SHARDS, Index
from handlers.contract.rows import Status
from handlers.storage.dynamodb_items import to_row
from handlers.storage.index_queries import key_query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INDEXES: Final = {
    (): BY_AGE,
    ("Owner",): BY_OWNER,
    ("Status",): BY_STATUS,
    ("Owner", "Status"): BY_OWNER_AND_STATUS,
}


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """ImageIDs, newest first; `cursor` continues after them, "" if there are no more."""

    image_ids: tuple[str, ...]
    cursor: str


class Listing:
    """Pages of ImageIDs. A place in the list is a time and an ImageID, both immutable, so a cursor
    stays where it is whatever is added, settled or removed meanwhile.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def page(self, *, owner: str | None, status: Status | None, limit: int, cursor: str) -> ListPage:
        """At most `limit` images of an owner (None: of everybody) that have a status (None: any).

        Raises Problem (400) if the cursor is none of ours.
        """
        after = decode_cursor(cursor) if cursor else None
        given = {"Owner": owner, "Status": status}
        values = {name: value for name, value in given.items() if value}
        index = _INDEXES[tuple(values)]
        shards = [self._shard(index, {**values, "Shard": shard}, limit + 1, after) for shard in range(SHARDS)]
        # One more than requested shows whether there is more.
        places = list(islice(heapq.merge(*shards, reverse=True), limit + 1))
        page, more = places[:limit], len(places) > limit
        return ListPage(
            image_ids=tuple(image_id for _, image_id in page), cursor=encode_cursor(page[-1]) if more else ""
        )

    def _shard(
        self, index: Index, partition: Mapping[str, Any], limit: int, after: Position | None
    ) -> list[Position]:
        """The newest places of one shard. They are keys only, far less than the 1 MB of an answer."""
        answer = self._client.query(
            TableName=self._table,
            ScanIndexForward=False,
            Limit=limit,
            **key_query(index, partition, after=dict(zip(index.sort, after, strict=True)) if after else None),
        )
        rows = [to_row(item) for item in answer["Items"]]
        return [(row["CreatedAt"], row["ImageID"]) for row in rows]
