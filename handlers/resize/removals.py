"""Removed originals: what an ObjectRemoved event does, and the end of images whose original is gone."""

from datetime import UTC, datetime, timedelta

from handlers.contract.rows import Row, superseded_keys, variant_keys
from handlers.contract.s3_events import ObjectEvent
from handlers.resize.outcomes import Settled
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog


class Removals:
    """Removes variants and rows with their originals; `expire_days` is the age at which the bucket
    expires originals, 0 for never.
    """

    def __init__(self, buckets: Buckets, catalog: Catalog, *, expire_days: int) -> None:
        self._buckets = buckets
        self._catalog = catalog
        self._expire_days = expire_days

    def settle(self, event: ObjectEvent, row: Row | None) -> Settled:
        """Settle an ObjectRemoved event; `row` is the image's, if there is one."""
        if row is None:
            return Settled(outcome="done", note="Unknown")
        if row.get("Sequencer", "") > event.sequencer:
            return Settled(outcome="done", note="Stale")
        # Either there is a newer object, whose own event settles the row, or only an old version of it
        # was removed.
        if self._buckets.exists(event.key):
            return Settled(outcome="done", note="Overwritten")
        self.forget(row)
        return Settled(outcome="done", note="Removed")

    def is_removed(self, event: ObjectEvent) -> bool:
        """Whether a created original was removed since, other than by the lifecycle of its bucket.

        Expiry removes originals and leaves their variants, however late an event is delivered again.
        """
        age = datetime.now(UTC) - event.moment
        expired = self._expire_days and age >= timedelta(days=self._expire_days)
        return not self._buckets.exists(event.key) and not expired

    def forget(self, row: Row) -> None:
        """Remove an image whose original is gone: its variants first, then the row that names them."""
        self._buckets.remove_variants({*variant_keys(row), *superseded_keys(row)})
        self._catalog.delete(row)
