"""What is done about each finding. Whatever can be, is left to the worker, by an event.

An event must never win over a newer one of S3, and must be taken as new by the worker:

- without a row, or with one that was never settled, it bears a sequencer below all of S3's;
- about a row's own upload, it bears the row's sequencer, and the row is marked stale first where
  the worker would take the event for a duplicate;
- about an upload whose event never came, it bears the sequencer just after the row's.
"""

import itertools
from typing import Final

from handlers.contract.event_order import just_after
from handlers.contract.rows import DELETED, Row, superseded_keys, timestamp, variant_keys
from handlers.storage.catalog import Catalog
from imagectl.operations import synthetic_events
from imagectl.operations.buckets import Stored
from imagectl.operations.inconsistencies import (
    FAILED,
    LEFTOVER,
    MISSING_ORIGINAL,
    MISSING_ROW,
    MISSING_VARIANTS,
    ORPHAN,
    OUTDATED,
    STUCK,
    Finding,
)
from imagectl.operations.queues import QueueSender
from imagectl.operations.stack import DeployedStack
from imagectl.operations.table_scan import mark_stale

_RENDER: Final = "sent to be rendered"
_DONE: Final = {
    MISSING_ROW: _RENDER,
    STUCK: _RENDER,
    OUTDATED: _RENDER,
    FAILED: _RENDER,
    LEFTOVER: "sent to be cleaned up",
    MISSING_ORIGINAL: "sent to be removed",
}
_DELETES: Final = {MISSING_ORIGINAL, ORPHAN}


class Repairer:
    """Fixes findings, from any number of threads; at most `max_deletions` of those that end in a deletion."""

    def __init__(self, stack: DeployedStack, sender: QueueSender, *, max_deletions: int) -> None:
        self._stack = stack
        self._sender = sender
        self._catalog = Catalog(stack.dynamodb, stack.table)
        self._deletions = itertools.count(1)
        self._max_deletions = max_deletions

    def repair(self, finding: Finding) -> str | None:
        """What was done; None if it was left as it is."""
        # One step of a counter, which threads cannot get in between of.
        if finding.kind in _DELETES and next(self._deletions) > self._max_deletions:
            return None
        if finding.kind == ORPHAN and finding.key:
            return self._remove_orphan(finding.image_id, finding.key)
        if finding.kind == MISSING_VARIANTS and finding.row and finding.original:
            return self._render_again(finding.row)
        return self._send(self._event(finding), _DONE[finding.kind]) if finding.kind in _DONE else None

    def _event(self, finding: Finding) -> str:
        row, original = finding.row, finding.original
        if finding.kind == MISSING_ORIGINAL and row:
            return synthetic_events.of_row(self._stack.originals, row, "removed")
        if finding.kind == LEFTOVER and row:
            kind: synthetic_events.Kind = "removed" if row["Status"] == DELETED else "created"
            return synthetic_events.of_row(self._stack.originals, row, kind)
        assert original is not None, "what is left is about originals that were looked at"
        if row and "Sequencer" in row:
            return self._upload(finding, original, row)
        return self._new(finding, original, synthetic_events.BEFORE_ANY)

    def _send(self, body: str, done: str) -> str:
        self._sender.send([body])
        return done

    def _upload(self, finding: Finding, original: Stored, row: Row) -> str:
        if row.get("ETag") == original.etag and row.get("VersionId") == original.version_id:
            return synthetic_events.of_row(self._stack.originals, row)
        return self._new(finding, original, just_after(row["Sequencer"]))

    def _new(self, finding: Finding, original: Stored, sequencer: str) -> str:
        return synthetic_events.body(
            self._stack.originals,
            finding.image_id,
            kind="created",
            sequencer=sequencer,
            time=timestamp(original.modified.timestamp()),
            size=original.size,
            etag=original.etag,
            version_id=original.version_id,
        )

    def _render_again(self, row: Row) -> str:
        if not mark_stale(self._stack.dynamodb, self._stack.table, row):
            return "changed meanwhile"
        return self._send(synthetic_events.of_row(self._stack.originals, row), _RENDER)

    def _remove_orphan(self, image_id: str, key: str) -> str:
        self._stack.s3.delete_object(Bucket=self._stack.variants, Key=key)
        row = self._catalog.get(image_id)
        if row and key in variant_keys(row) and key not in superseded_keys(row):
            # A render has named it in this very moment.
            return self._render_again(row)
        return "deleted"
