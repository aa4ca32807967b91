"""Outcomes and deletions published again, as the rows are now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.contract.rows import Row
from handlers.publish.completion_events import event_of, is_event, moment_of
from handlers.publish.event_bus import Bus, Entry, EventTooLarge
from imagectl.operations.rate_limit import RateLimit
from imagectl.operations.stack import DeployedStack
from imagectl.operations.table_scan import scan


@dataclass(frozen=True, kw_only=True)
class Period:
    """From a moment on, and until before another."""

    since: datetime
    until: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


def verdict(row: Row, period: Period) -> str:
    """Whether what a row says is to be published: `published`, or else why not.

    `pending` says nothing yet, `other` was processed or deleted at another time, and `stale` is about to be
    rendered again, which will be published by itself.
    """
    if row["Status"] == "PENDING":
        return "pending"
    if datetime.fromisoformat(moment_of(row)) not in period:
        return "other"
    return "published" if is_event(row) else "stale"


class Republication:
    """What happened in a period, over the whole table; `counts` says how many rows had which verdict."""

    def __init__(self, stack: DeployedStack, period: Period) -> None:
        self._stack = stack
        self._period = period
        self.counts: Counter[str] = Counter()

    def rows(self) -> Iterator[Row]:
        """The rows that are to be published."""
        for page in scan(self._stack.dynamodb, self._stack.table):
            for row in page.rows:
                found = verdict(row, self._period)
                self.counts[found] += 1
                if found == "published":
                    yield row

    def publish(self, rate: float) -> None:
        """Put the events on the bus, at most `rate` a second. Raises NotTaken."""
        bus = Bus(self._stack.events, self._stack.bus, count=RateLimit(rate).wait)
        bus.put(self._entries(bus))

    def _entries(self, bus: Bus) -> Iterator[Entry]:
        for row in self.rows():
            try:
                yield bus.entry(event_of(row, self._stack.originals), row["ImageID"])
            except (KeyError, EventTooLarge):
                self.counts["published"] -= 1
                self.counts["unreadable"] += 1
