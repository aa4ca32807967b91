"""Removed originals: what an ObjectRemoved event does."""

from handlers.contract.rows import Row
from handlers.contract.s3_events import ObjectEvent
from handlers.resize.outcomes import Settled
from handlers.storage.buckets import Buckets
from handlers.storage.deletions import Deletions


class Removals:
    """Deletes images whose original was removed.

    Nothing but such an event does: an original that is not there may have expired, and its variants
    stay. The row of a deletion outlives the image, and refuses what is written about an earlier upload.
    """

    def __init__(self, buckets: Buckets, deletions: Deletions) -> None:
        self._buckets = buckets
        self._deletions = deletions

    def settle(self, event: ObjectEvent, image_id: str, row: Row | None) -> Settled:
        """Settle an ObjectRemoved event; `row` is the image's, if there is one.

        Without a row, somebody may still have been notified of the image, so its deletion is recorded too.
        """
        if row and row.get("Sequencer", "") > event.sequencer:
            return Settled(outcome="done", note="Stale")
        # Either there is a newer object, whose own event settles the row, or only an old version of it
        # was removed.
        if self._buckets.exists(event.key):
            return Settled(outcome="done", note="Overwritten")
        self._deletions.delete(image_id, row, event.sequencer)
        return Settled(outcome="done", note="Removed")
