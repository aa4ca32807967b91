"""The resize worker: settles one record, so that rows, variants and originals agree."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from botocore.exceptions import ClientError

from handlers.contract import keys
from handlers.contract.event_order import settles
from handlers.contract.presets import Limits, Preset, preset_hash
from handlers.contract.rejections import ImageRejected, TooLarge
from handlers.contract.rows import Row, VariantAttributes, superseded_keys, variant_keys
from handlers.contract.s3_events import ObjectEvent
from handlers.contract.settings import ResizeSettings
from handlers.rendering.result import Rendered
from handlers.resize.admission import Admission
from handlers.resize.malware_gate import Gate, open_gate
from handlers.resize.outcomes import Settled
from handlers.resize.removals import Removals
from handlers.resize.rendered_rows import attributes, ready
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog, CommitRefused
from handlers.storage.deletions import Deletions

Render = Callable[[bytes, Sequence[Preset], Limits], Rendered]
_ERROR_CHARACTERS: Final = 300


class ForeignEvent(Exception):
    """The event is about another bucket than the one this function serves."""


class Worker:
    """Settles the original of one S3 event, whatever came before or happens meanwhile.

    The order of steps keeps rows, variants and originals in agreement: variants are written before the
    row that names them and removed after the row that no longer does. The removal of an original leaves a
    row, so that an image whose removal was handled while it was rendered is not committed.
    """

    def __init__(
        self,
        settings: ResizeSettings,
        *,
        storage: Buckets,
        catalog: Catalog,
        render: Render,
        admission: Admission,
        gate: Gate = open_gate,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._catalog = catalog
        self._render = render
        self._admission = admission
        self._gate = gate
        deletions = Deletions(storage, catalog, recoverable_days=settings.old_version_days)
        self._removals = Removals(storage, deletions)
        self._presets = settings.recipes
        self._preset_hash = preset_hash(self._presets)

    def settle(self, event: ObjectEvent, attempt: int) -> Settled:
        """Settle one record. Whatever it raises makes the record be retried."""
        if event.bucket != self._settings.originals_bucket:
            raise ForeignEvent(f"an event about {event.bucket}")
        image_id = keys.image_id_of(event.key)
        if image_id is None:
            too_long = keys.is_too_long(event.key)
            return Settled(outcome="done", note="KeyTooLong" if too_long else "NotAnOriginal")
        row = self._catalog.get(image_id)
        if event.kind == "removed":
            return self._removals.settle(event, image_id, row)
        if row:
            self._finish_superseding(row)
        return self._settle_created(event, image_id, attempt, row)

    def give_up(self, event: ObjectEvent, attempt: int, error: BaseException) -> None:
        """Mark the image `FAILED`: its message is about to go to the dead-letter queue."""
        image_id = keys.image_id_of(event.key)
        if image_id is None or event.kind == "removed" or event.bucket != self._settings.originals_bucket:
            return
        row = self._identity(event, image_id, attempt)
        row |= {"Status": "FAILED", "Reason": type(error).__name__, "Error": str(error)[:_ERROR_CHARACTERS]}
        self._catalog.fail(row)
        # Where S3 is what failed, it can say nothing of the original; a redrive will see.
        with contextlib.suppress(ClientError):
            failed = self._catalog.get(image_id)
            if failed and "Owner" not in failed and "Owner" in (found := self._storage.describe(event.key)):
                self._catalog.fail({**row, **found})

    def _settle_created(self, event: ObjectEvent, image_id: str, attempt: int, row: Row | None) -> Settled:
        identity = self._identity(event, image_id, attempt)
        if row and settles(row, {**identity, "Status": "READY"}):
            return self._settle_known(event, image_id, row)
        try:
            if event.size > self._settings.max_upload_bytes:
                raise TooLarge(f"{event.size} bytes; at most {self._settings.max_upload_bytes}")
            if ended_here := self._gate(event):
                return self._not_rendered(event, image_id, row, ended_here)
        except ImageRejected as rejection:
            result = _rejected(event, self._storage.describe(event.key), rejection)
        else:
            with self._admission.admit(event.size):
                rendered = self._render_and_store(event, image_id, row)
            if isinstance(rendered, Settled):
                return rendered
            result = rendered
        settled, ended = result
        return self._commit(event, {**identity, **settled}, row) or ended

    def _render_and_store(
        self, event: ObjectEvent, image_id: str, row: Row | None
    ) -> tuple[Row, Settled] | Settled:
        """What the row says of the original and how the record ends; only the latter if it gets no row."""
        original = self._storage.fetch(event.key, max_bytes=self._settings.max_upload_bytes)
        if original is None or original.version != event.version:
            note = "Overwritten" if original else "Vanished"
            return self._not_rendered(event, image_id, row, Settled(outcome="done", note=note))
        try:
            rendered = self._render(original.data, self._presets, self._settings.limits)
        except ImageRejected as rejection:
            return _rejected(event, original.description, rejection)
        variants = self._store(event, image_id, rendered)
        settled = ready(original, rendered, variants, self._storage.variants_bucket)
        return settled, Settled(outcome="done", note="Ready", size=event.size)

    def _not_rendered(self, event: ObjectEvent, image_id: str, row: Row | None, ended: Settled) -> Settled:
        """Leave nothing behind of earlier tries, unless there is another to come."""
        if ended.outcome == "done":
            self._discard(event, image_id, row)
        return ended

    def _commit(self, event: ObjectEvent, settled: Row, previous: Row | None) -> Settled | None:
        """Write the row; what the record ended as if another event's row stands there instead."""
        image_id = settled["ImageID"]
        answer = self._catalog.commit(settled, previous)
        if isinstance(answer, CommitRefused):
            return self._settle_known(event, image_id, answer.row)
        if answer.superseded:
            self._storage.remove_variants(set(answer.superseded) - set(variant_keys(settled)))
            self._catalog.forget_superseded(settled)
        if settled["Status"] == "REJECTED":  # an earlier try may have come further than this one
            self._discard(event, image_id, settled)
        return None

    def _settle_known(self, event: ObjectEvent, image_id: str, row: Row) -> Settled:
        """The table already knows this event (a duplicate) or a newer one."""
        self._discard(event, image_id, row)
        if row["Sequencer"] != event.sequencer:
            return Settled(outcome="done", note="Stale")
        self._finish_superseding(row)  # the answer to a commit may be lost, and the commit tried again
        return Settled(outcome="done", note="Duplicate")

    def _finish_superseding(self, row: Row) -> None:
        """Do what a worker that ended early left undone."""
        if leftover := superseded_keys(row):
            self._storage.remove_variants(leftover)
        if "Superseded" in row:
            self._catalog.forget_superseded(row)

    def _discard(self, event: ObjectEvent, image_id: str, row: Row | None) -> None:
        """Remove what an earlier try of this event may have stored without naming it in a row."""
        mine = {self._variant_key(event, image_id, preset) for preset in self._presets}
        self._storage.remove_variants(mine - set(variant_keys(row)))

    def _store(self, event: ObjectEvent, image_id: str, rendered: Rendered) -> dict[str, VariantAttributes]:
        stored: dict[str, VariantAttributes] = {}
        for name, variant in rendered.variants.items():
            key = self._variant_key(event, image_id, variant.preset)
            self._storage.put_variant(key, variant.data, variant.preset.content_type)
            stored[name] = attributes(key, variant)
        return stored

    def _variant_key(self, event: ObjectEvent, image_id: str, preset: Preset) -> str:
        return keys.variant_key(image_id, keys.render_of(event.upload, self._preset_hash), preset)

    def _identity(self, event: ObjectEvent, image_id: str, attempt: int) -> Row:
        """The attributes that say which original, as of which event, a row is about."""
        row: Row = {
            "ImageID": image_id,
            "OriginalKey": event.key,
            "Sequencer": event.sequencer,
            "PresetHash": self._preset_hash,
            "UploadedAt": event.time,
            "Bytes": event.size,
            "ETag": event.etag,
            "Attempts": attempt,
        }
        if event.version_id:
            row["VersionId"] = event.version_id
        return row


def _rejected(event: ObjectEvent, description: Row, rejection: ImageRejected) -> tuple[Row, Settled]:
    row: Row = {**description, "Status": "REJECTED", "Reason": rejection.reason}
    return row, Settled(outcome="rejected", note=rejection.reason, size=event.size, detail=rejection.measured)
