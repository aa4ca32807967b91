"""Erasing all that a stack holds of an owner, so that nothing of it can be recovered from the stack.

Each image is recorded as erased first, by which its row still names the owner: whoever ends early is
found again by the next run. What is left of the row when all else is gone names nobody.

An upload can race with the erasure. While it lasts, the owner's quota is used up, so nothing new is
announced. What was announced or signed before can still arrive until its policy has expired; it is
found by the pass that begins after that. The erasure is complete when such a pass finds nothing any more.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import Any, Final

from handlers.contract import quota_table
from handlers.contract.quota_table import Hour
from handlers.contract.rows import ANNOUNCED, DELETED, Row, timestamp
from handlers.storage.catalog import Catalog, RowChanged
from handlers.storage.deletions import row_of_deletion
from handlers.storage.dynamodb_items import to_item, to_row
from imagectl.errors import CannotContinue
from imagectl.operations.holdings import AT_ONCE, Holding, Holdings
from imagectl.operations.stack import DeployedStack

_TRIES: Final = 5
# An API call that has its quota already may still be at work: the longest that API Gateway waits for it.
_API_SECONDS: Final = 30
_USED_UP: Final = 10**12
_SINCE: Final = "ErasingSince"
_FORGOTTEN: Final = (*ANNOUNCED, "ContentType", "PresetHash", "Superseded", "Variants")


class Erasure:
    """Erases what is held of `owner`; `removed` counts what, clock and sleep are in seconds.

    `images` were recorded as erased, of `rows` nothing is left that names anybody.
    """

    def __init__(
        self,
        stack: DeployedStack,
        owner: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stack = stack
        self._owner = owner
        self._catalog = Catalog(stack.dynamodb, stack.table)
        self._clock = clock
        self._sleep = sleep
        self.removed: Counter[str] = Counter()
        self.looked_at = 0

    def look(self) -> None:
        """Count what would be removed, in `removed`."""
        holdings = Holdings(self._stack, self._owner)
        for holding in holdings:
            self.removed += _contents(holding, _variants(holdings, holding))
            self.removed.update(images=1, rows=holding.row is not None)
        self.removed.update(quotaCounters=sum(1 for _ in self._counters()))
        self.looked_at += holdings.looked_at

    def run(self, *, wait: bool, report: Callable[[str], None]) -> float:
        """Erase everything; 0 if that is complete. Without `wait`, end after one pass, and return the moment
        from which the next one may complete it.

        `report` is called with a sentence for people. Raises CannotContinue if an image keeps changing.
        """
        while True:
            since = self._use_up_quota()
            expired = since + self._stack.api_settings.url_seconds + _API_SECONDS
            if self._pass(last=self._clock() >= expired):
                self._forget_quota()
                return 0
            again = max(expired, self._clock() + self._worker_seconds)
            if not wait:
                return again
            report(f"erased {self.removed['images']} images; looking again at {timestamp(again)}")
            self._sleep(again - self._clock())

    @property
    def _worker_seconds(self) -> int:
        """How long a worker that has read an original may take to commit its row."""
        seconds: int = self._stack.configuration["Timeout"]
        return seconds

    def _pass(self, *, last: bool) -> bool:
        """Erase what there is; whether nothing was left to be done, and nothing can come any more."""
        holdings = Holdings(self._stack, self._owner)
        complete = last
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for some in _chunks(holdings):
                for removed, is_erased in pool.map(lambda each: self._erase(holdings, each, last=last), some):
                    self.removed += removed
                    complete = complete and is_erased
        self.looked_at += holdings.looked_at
        return complete

    def _erase(self, holdings: Holdings, holding: Holding, *, last: bool) -> tuple[Counter[str], bool]:
        """What was removed of an image, and whether nothing is left of it but a row that names nobody."""
        variants = _variants(holdings, holding)
        row = self._recorded(holding.image_id, holding.row) if holding.image_id else None
        for version in holding.versions:
            self._stack.s3.delete_object(Bucket=self._stack.originals, Key=version.key, VersionId=version.id)
        for key in variants:
            self._stack.s3.delete_object(Bucket=self._stack.variants, Key=key)
        removed = _contents(holding, variants)
        if row is None or row is not holding.row or removed or not last or self._may_be_rendering(row):
            return removed + Counter(images=row is not holding.row), False
        is_forgotten = self._catalog.forget(row, _FORGOTTEN)
        return Counter(rows=is_forgotten), is_forgotten

    def _may_be_rendering(self, row: Row) -> bool:
        """Whether a worker may still be at an image that was erased."""
        erased = datetime.fromisoformat(row["DeletedAt"]).timestamp()
        return self._clock() < erased + self._worker_seconds

    def _recorded(self, image_id: str, row: Row | None) -> Row:
        """The row of an image, by which it is erased and still is its owner's."""
        for _ in range(_TRIES):
            if row and row["Status"] == DELETED and row.get("Erased") and row.get("Owner") == self._owner:
                return row
            days = self._stack.settings.old_version_days
            erased: Row = {
                **row_of_deletion(image_id, row, recoverable_days=days),
                "Owner": self._owner,
                "Erased": True,
                "DeletedAt": timestamp(self._clock()),
            }
            try:
                return self._catalog.mark_deleted(erased)
            except RowChanged:
                row = self._catalog.get(image_id)
        raise CannotContinue(f"The image '{image_id}' changes all the time.", "Run the same command again.")

    def _use_up_quota(self) -> float:
        """Leave the owner nothing to announce in this hour and the next; since when that is so.

        No wait between two passes is longer than an hour.
        """
        now = self._clock()
        since: int = self._set_count(Hour.of(now), now)[_SINCE]
        self._set_count(Hour.of(now + 3600), since)
        return since

    def _set_count(self, hour: Hour, since: float) -> dict[str, Any]:
        values = {":used": _USED_UP, ":expires": hour.ends, ":since": int(since)}
        names = {"#used": quota_table.IMAGES, "#expires": quota_table.EXPIRES, "#since": _SINCE}
        answer = self._stack.dynamodb.update_item(
            TableName=self._stack.api_settings.quota_table_name,
            Key=to_item({quota_table.PARTITION: self._owner, quota_table.SORT: hour.name}),
            UpdateExpression="SET #used = :used, #expires = :expires, #since = if_not_exists(#since, :since)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_item(values),
            ReturnValues="ALL_NEW",
        )
        return dict(to_row(answer["Attributes"]))

    def _counters(self) -> Iterator[dict[str, Any]]:
        """The keys of the owner's rows in the quota table."""
        names = {"#principal": quota_table.PARTITION, "#hour": quota_table.SORT}
        pages = self._stack.dynamodb.get_paginator("query").paginate(
            TableName=self._stack.api_settings.quota_table_name,
            ConsistentRead=True,
            KeyConditionExpression="#principal = :principal",
            ProjectionExpression="#principal, #hour",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_item({":principal": self._owner}),
        )
        for page in pages:
            yield from page["Items"]

    def _forget_quota(self) -> None:
        for key in self._counters():
            table = self._stack.api_settings.quota_table_name
            self._stack.dynamodb.delete_item(TableName=table, Key=key)
            self.removed["quotaCounters"] += 1


def _variants(holdings: Holdings, holding: Holding) -> list[str]:
    return holdings.variants(holding.image_id) if holding.image_id else []


def _contents(holding: Holding, variants: list[str]) -> Counter[str]:
    """What there is to remove of an image; without anything, it is empty."""
    markers = sum(version.is_marker for version in holding.versions)
    return +Counter(
        versions=len(holding.versions) - markers,
        bytes=sum(version.size for version in holding.versions),
        deleteMarkers=markers,
        variants=len(variants),
    )


def _chunks(holdings: Iterable[Holding]) -> Iterator[list[Holding]]:
    left = iter(holdings)
    while some := list(islice(left, 4 * AT_ONCE)):
        yield some
