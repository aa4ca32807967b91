"""Deleting images whose originals are gone.

The decision is recorded in the image's row first, which is what the event of the deletion is made of. The
row keeps the keys of the variants until they are removed, so whoever ends early leaves nothing behind
that the next event about the image, or the same one again, does not find.
"""

import time
from typing import Final

from handlers.contract import keys
from handlers.contract.event_order import just_after
from handlers.contract.rows import DELETED, Row, leftover_keys
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog

# A late event about the image finds its deletion as long as SQS keeps the event.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_LEAST_DAYS: Final = 14
_DAY_SECONDS: Final = 86_400


def row_of_deletion(image_id: str, row: Row | None, *, sequencer: str = "", recoverable_days: int) -> Row:
    """What `Catalog.mark_deleted` writes about an image with such a row, if it has one.

    It is ordered after everything that the row is about, and at `sequencer` if that is later. It expires
    when the original can no longer be recovered.
    """
    standing = row.get("Sequencer", "") if row else ""
    days = max(recoverable_days, _LEAST_DAYS)
    return {
        "ImageID": image_id,
        "OriginalKey": keys.original_key(image_id),
        "Sequencer": max(sequencer, just_after(standing)),
        "ExpiresAt": int(time.time()) + days * _DAY_SECONDS,
    }


class Deletions:
    """Deletes what is left of images; deleted originals can be recovered for `recoverable_days`."""

    def __init__(self, buckets: Buckets, catalog: Catalog, *, recoverable_days: int) -> None:
        self._buckets = buckets
        self._catalog = catalog
        self._recoverable_days = recoverable_days

    def delete(self, image_id: str, row: Row | None, sequencer: str = "") -> None:
        """Delete an image with such a row, if it has one, or finish its deletion.

        `sequencer` is that of the removal of its original, "" if that is not known. Raises RowChanged if
        there is a newer image by now.
        """
        if row and row["Status"] == DELETED and row["Sequencer"] >= sequencer:
            deleted = row
        else:
            deleted = self._catalog.mark_deleted(
                row_of_deletion(image_id, row, sequencer=sequencer, recoverable_days=self._recoverable_days)
            )
        if leftover := leftover_keys(deleted):
            self._buckets.remove_variants(leftover)
            self._catalog.forget(deleted, ("Superseded", "Variants"))
