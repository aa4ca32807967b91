"""Outcomes published again, as the rows are now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.contract.rows import NOT_RENDERED, SETTLED, Row
from handlers.publish.completion_events import outcome_of
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
    """Whether the outcome of a row is to be published: `published`, or else why not.

    `pending` has none, `other` was processed at another time, and `stale` is about to be rendered
    again, which will be published by itself.
    """
    if row["Status"] not in SETTLED:
        return "pending"
    if datetime.fromisoformat(row["ProcessedAt"]) not in period:
        return "other"
    return "stale" if row["PresetHash"] == NOT_RENDERED else "published"


class Republication:
    """The outcomes of a period, over the whole table; `counts` says how many rows had which verdict."""

    def __init__(self, stack: DeployedStack, period: Period) -> None:
        self._stack = stack
        self._period = period
        self.counts: Counter[str] = Counter()

    def rows(self) -> Iterator[Row]:
        """The rows whose outcome is to be published."""
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
                yield bus.entry(outcome_of(row, self._stack.originals), row["ImageID"])
            except (KeyError, EventTooLarge):
                self.counts["published"] -= 1
                self.counts["unreadable"] += 1
