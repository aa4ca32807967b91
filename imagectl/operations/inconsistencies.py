"""What originals, rows and variants do not agree about.

Listings and scan are minutes apart from each other and from now. So what they disagree about is
only suspected, and checked again, row and object as they are now, before it is reported.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final

from handlers.contract import keys
from handlers.contract.rows import Row, superseded_keys, variant_keys
from handlers.storage.catalog import Catalog
from imagectl.operations.backfill import is_expired
from imagectl.operations.buckets import Stored, listed, looked_at
from imagectl.operations.snapshot import Snapshot
from imagectl.operations.sorted_merge import merged
from imagectl.operations.stack import DeployedStack

MISSING_ROW: Final = "missing-row"
STUCK: Final = "stuck-pending"
FAILED: Final = "failed"
OUTDATED: Final = "outdated"
LEFTOVER: Final = "leftover"
MISSING_ORIGINAL: Final = "missing-original"
MISSING_VARIANTS: Final = "missing-variants"
ORPHAN: Final = "orphan-variant"
FOREIGN: Final = "foreign-object"
LONG_KEY: Final = "key-too-long"
MISPLACED: Final = "misplaced-original"

MEANINGS: Final = {
    MISSING_ROW: "an original without a row",
    STUCK: "uploaded, but still PENDING",
    FAILED: "FAILED",
    OUTDATED: "the row is about an earlier upload than the original that stands there",
    LEFTOVER: "variants of an earlier upload were not removed",
    MISSING_ORIGINAL: "a row without an original, which did not expire",
    MISSING_VARIANTS: "a READY row names variants that are not there",
    ORPHAN: "a variant that no row names",
    FOREIGN: "an object among the variants that is none",
    LONG_KEY: f"an original whose key is longer than {keys.MAX_ORIGINAL_KEY_BYTES} bytes, so never rendered",
    MISPLACED: "an object under the prefix of another lane than its id's, so never rendered",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A disagreement as it stands now: `row` and `original` where there are any; `key` of an object that
    belongs to no image.
    """

    kind: str
    image_id: str
    row: Row | None = None
    original: Stored | None = None
    key: str | None = None
    detail: str = ""


class Comparison:
    """Compares a snapshot of the table with both buckets.

    `grace` is the age below which nothing is suspected, because it may be under way; `stuck_after`
    how long an upload may wait to be processed.
    """

    def __init__(
        self,
        stack: DeployedStack,
        snapshot: Snapshot,
        *,
        grace: timedelta,
        stuck_after: timedelta,
        expire_days: int,
    ) -> None:
        self._stack = stack
        self._snapshot = snapshot
        self._catalog = Catalog(stack.dynamodb, stack.table)
        self._grace = grace
        self._stuck_after = stuck_after
        self._expire_days = expire_days
        self._misplaced: deque[str] = deque()
        self.originals = 0
        self.variants = 0

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong; no row or object is held longer than it takes to look at it."""
        yield from self._about_originals()
        yield from self._about_variants()

    def _about_originals(self) -> Iterator[Finding]:
        for raw, listed_original, scanned in merged(self._originals(), self._snapshot.rows()):
            yield from self._misplaced_so_far()
            if listed_original and keys.is_too_long(listed_original.key):
                yield from self._never_rendered(LONG_KEY, listed_original.key, "copy it to a shorter key")
                continue
            kind = self._suspicion(listed_original, scanned)
            if kind is None:
                continue
            image_id = raw.decode()
            row = self._catalog.get(image_id)
            original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
            if self._suspicion(original, row) == kind:
                yield Finding(kind=kind, image_id=image_id, row=row, original=original)

        yield from self._misplaced_so_far()

    def _misplaced_so_far(self) -> Iterator[Finding]:
        while self._misplaced:
            advice = f"copy it to another name under {keys.ORIGINALS_PREFIXES['bulk']}"
            yield from self._never_rendered(MISPLACED, self._misplaced.popleft(), advice)

    def _never_rendered(self, kind: str, key: str, advice: str) -> Iterator[Finding]:
        if looked_at(self._stack.s3, self._stack.originals, key):
            yield Finding(kind=kind, image_id="", key=key, detail=f"{advice}, and delete it")

    def _suspicion(self, stored: Stored | None, row: Row | None) -> str | None:
        """What is wrong about an original and its row, if anything."""
        if stored is None:
            return MISSING_ORIGINAL if row and self._lost_its_original(row) else None
        waited = _age(stored.modified)
        if row is None:
            return MISSING_ROW if waited >= self._grace else None
        if row["Status"] == "PENDING":
            return STUCK if waited >= self._stuck_after else None
        if row["Status"] == "FAILED":
            return FAILED
        if row.get("ETag") != stored.etag:
            return OUTDATED if waited >= self._stuck_after else None
        return LEFTOVER if superseded_keys(row) and self._is_old(row) else None

    def _lost_its_original(self, row: Row) -> bool:
        if "Sequencer" not in row or not self._is_old(row):  # announced, and not uploaded yet
            return False
        return not is_expired(row, expire_days=self._expire_days, now=datetime.now(UTC))

    def _is_old(self, row: Row) -> bool:
        return _age(datetime.fromisoformat(row["ProcessedAt"])) >= self._grace

    def _about_variants(self) -> Iterator[Finding]:
        incomplete = ""  # the image that was looked at last: its keys stand next to each other
        for raw, named, stored in merged(self._snapshot.variants(), self._variants()):
            key = raw.decode()
            finding = None
            if named and named[1] and stored is None and named[0] != incomplete:
                finding = self._missing(named[0], key)
                incomplete = named[0]
            elif named is None and stored and _age(stored.modified) >= self._grace:
                finding = self._orphan(key)
            if finding:
                yield finding

    def _missing(self, image_id: str, key: str) -> Finding | None:
        row = self._catalog.get(image_id)
        if not row or row["Status"] != "READY" or key not in variant_keys(row):
            return None
        if looked_at(self._stack.s3, self._stack.variants, key):
            return None
        original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
        detail = "" if original else "its original is gone, so it cannot be rendered again"
        return Finding(kind=MISSING_VARIANTS, image_id=image_id, row=row, original=original, detail=detail)

    def _orphan(self, key: str) -> Finding | None:
        image_id = keys.image_id_of_variant(key)
        if image_id is None:
            return Finding(kind=FOREIGN, image_id="", key=key, detail="nothing of this service; left alone")
        variant = looked_at(self._stack.s3, self._stack.variants, key)
        if variant is None or _age(variant.modified) < self._grace:
            return None
        row = self._catalog.get(image_id)
        original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
        if row:
            # A render of this image may still name it: what is not settled is not judged.
            named = {*variant_keys(row), *superseded_keys(row)}
            if key in named or row["Status"] in {"PENDING", "FAILED"}:
                return None
        elif original:
            return None
        return Finding(kind=ORPHAN, image_id=image_id, row=row, original=original, key=key)

    def _originals(self) -> Iterator[tuple[bytes, Stored]]:
        """The originals of both lanes in the order of their ImageIDs."""
        return heapq.merge(*map(self._listed, keys.ORIGINALS_PREFIXES.values()), key=itemgetter(0))

    def _listed(self, prefix: str) -> Iterator[tuple[bytes, Stored]]:
        for stored in listed(self._stack.s3, self._stack.originals, prefix):
            if keys.is_misplaced(stored.key):
                self._misplaced.append(stored.key)
            elif keys.image_id_of(stored.key) or keys.is_too_long(stored.key):
                self.originals += 1
                yield stored.key.removeprefix(prefix).encode(), stored

    def _variants(self) -> Iterator[tuple[bytes, Stored]]:
        for stored in listed(self._stack.s3, self._stack.variants, keys.VARIANTS_PREFIX):
            self.variants += 1
            yield stored.key.encode(), stored


def _age(moment: datetime) -> timedelta:
    return datetime.now(UTC) - moment
