"""Which images are stale, and having them rendered again."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from handlers.contract.rows import DELETED, Row
from imagectl.operations import synthetic_events
from imagectl.operations.checkpoint import Checkpoint, Cursor, Job
from imagectl.operations.queues import QueueSender
from imagectl.operations.stack import DeployedStack
from imagectl.operations.table_scan import mark_stale, scan


def verdict(row: Row, job: Job, *, expire_days: int, now: datetime) -> str:
    """What a backfill does about a row: `stale` and `forced` are sent, anything else is passed over.

    With a reason, only images rejected for it are looked at, and all of them are sent.

    A row is stale when it was settled with other presets than the present ones. `expired` has no
    original any more to render from. `pending` was never rendered, `failed` waits as a dead letter, `current`
    needs nothing. Deleted images are `other`.
    """
    meant = row["ImageID"].startswith(job.prefix) and job.reason in {"", row.get("Reason")}
    if not meant or row["Status"] == DELETED:
        return "other"
    if "Sequencer" not in row:
        return "pending"
    if is_expired(row, expire_days=expire_days, now=now):
        return "expired"
    if row.get("PresetHash") != job.preset_hash:
        return "stale"
    if job.everything or job.reason:
        return "forced"
    return "failed" if row["Status"] == "FAILED" else "current"


def is_expired(row: Row, *, expire_days: int, now: datetime) -> bool:
    """Whether the bucket's lifecycle has taken the original of a settled row."""
    return bool(expire_days) and now - uploaded(row) >= timedelta(days=expire_days)


def uploaded(row: Row) -> datetime:
    """When the original of a settled row was uploaded."""
    return datetime.fromisoformat(row["UploadedAt"]).astimezone(UTC)


class Backfill:
    """One job over the whole table; `counts` says how many rows had which verdict in this run."""

    def __init__(self, stack: DeployedStack, job: Job, *, expire_days: int) -> None:
        self._stack = stack
        self._job = job
        self._expire_days = expire_days
        self.counts: Counter[str] = Counter()

    def look(self) -> Iterator[Row]:
        """The rows that would be sent."""
        for page in scan(self._stack.dynamodb, self._stack.table):
            yield from self._chosen(page.rows)

    def run(self, sender: QueueSender, cursor: Cursor, progress: Callable[[Checkpoint], None]) -> Checkpoint:
        """Send everything from where the cursor stands; the cursor moves after each page was sent."""
        place = cursor.load()
        for page in scan(self._stack.dynamodb, self._stack.table, after=place.after):
            sent = sender.send(self._message(row) for row in self._chosen(page.rows))
            place = Checkpoint(
                after=page.after, looked_at=place.looked_at + len(page.rows), sent=place.sent + sent
            )
            if page.after:
                cursor.save(place)
            progress(place)
        cursor.forget()
        return place

    def _chosen(self, rows: list[Row]) -> Iterator[Row]:
        now = datetime.now(UTC)
        for row in rows:
            found = verdict(row, self._job, expire_days=self._expire_days, now=now)
            self.counts[found] += 1
            if found in {"stale", "forced"}:
                yield row

    def _message(self, row: Row) -> str:
        if row["PresetHash"] == self._job.preset_hash:
            # Marked before it is sent: should this end in between, the row is stale, and found again.
            mark_stale(self._stack.dynamodb, self._stack.table, row)
        return synthetic_events.of_row(self._stack.originals, row)
