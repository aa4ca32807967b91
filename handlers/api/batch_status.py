"""How far a batch is, counted in the index without reading its images."""

from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from handlers.api.responses import Batch, Counts, Failure
from handlers.contract.indexes import BY_BATCH, SHARDS
from handlers.contract.rows import Status
from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_items import to_row
from handlers.storage.index_queries import key_query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_STATUSES: Final[tuple[Status, ...]] = get_args(Status)
_MAX_FAILURES: Final = 100
# A shard with fewer images is counted in one query in place of one a status.
_SMALL_SHARD: Final = 200


class BatchStatus:
    """Batches, seen through an index that follows the table within a second or so.

    A batch belongs to who announced it: the same BatchID of another owner is another batch.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str, catalog: Catalog) -> None:
        self._client = client
        self._table = table_name
        self._catalog = catalog

    def get(self, batch_id: str, owner: str | None) -> Batch | None:
        """The batch of an owner (None: those of all owners together); None if it has no images."""
        owners = [owner] if owner is not None else sorted(self._owners(batch_id))
        counts = dict.fromkeys(_STATUSES, 0)
        for each, shard in product(owners, range(SHARDS)):
            for status, count in self._count(batch_id, each, shard).items():
                counts[status] += count
        total = sum(counts.values())
        if not total:
            return None
        return Batch(
            batch_id=batch_id,
            total=total,
            counts=Counts(**counts),
            done=counts["PENDING"] == 0,
            failures=self._failures(batch_id, owners, counts),
        )

    def _owners(self, batch_id: str) -> set[str]:
        """Everybody who has a batch of this name: one query an owner and shard."""
        owners: set[str] = set()
        for shard in range(SHARDS):
            last: dict[str, str] | None = None
            while items := self._query(batch_id, shard, above=last, Limit=1)["Items"]:
                last = {"Owner": to_row(items[0])["Owner"]}
                owners.add(last["Owner"])
        return owners

    def _count(self, batch_id: str, owner: str, shard: int) -> Mapping[Status, int]:
        few = self._query(batch_id, shard, Owner=owner, Limit=_SMALL_SHARD)
        if "LastEvaluatedKey" not in few:
            # Deleted images are in no index.
            return Counter(cast("Status", to_row(item)["Status"]) for item in few["Items"])
        return {status: self._count_status(batch_id, owner, shard, status) for status in _STATUSES}

    def _count_status(self, batch_id: str, owner: str, shard: int, status: Status) -> int:
        """The images of one status; the table counts them and sends none."""
        count = 0
        more: dict[str, Any] = {}
        while True:
            page = self._query(batch_id, shard, Owner=owner, Status=status, Select="COUNT", **more)
            count += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                return count
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _failures(self, batch_id: str, owners: list[str], counts: Mapping[Status, int]) -> list[Failure]:
        """The first failures in the order of their ImageIDs, which is that of announcement."""
        failed: list[str] = []
        for status in ("FAILED", "REJECTED"):
            if not counts[status]:
                continue
            for owner, shard in product(owners, range(SHARDS)):
                answer = self._query(batch_id, shard, Owner=owner, Status=status, Limit=_MAX_FAILURES)
                failed += [to_row(item)["ImageID"] for item in answer["Items"]]
        first = sorted(failed)[:_MAX_FAILURES]
        rows = self._catalog.get_many(first)
        return [
            Failure(
                image_id=image_id,
                file_name=row.get("FileName", ""),
                status=row["Status"],
                reason=row.get("Reason", ""),
            )
            for image_id in first
            if (row := rows.get(image_id)) and row["Status"] in {"FAILED", "REJECTED"}
        ]

    def _query(
        self, batch_id: str, shard: int, *, above: Mapping[str, str] | None = None, **members: Any
    ) -> Any:
        """One query. `members` are attributes of the index's sort key and members of the request."""
        equal = {"BatchID": batch_id, "Shard": shard}
        equal |= {name: members.pop(name) for name in BY_BATCH.sort if name in members}
        return self._client.query(TableName=self._table, **key_query(BY_BATCH, equal, above=above), **members)
