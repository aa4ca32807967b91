"""What originals, rows and variants do not agree about.

Listings and scan are minutes apart from each other and from now. So what they disagree about is
only suspected, and checked again, row and object as they are now, before it is reported.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from typing import Final

from handlers.contract import keys
from handlers.contract.rows import DELETED, Row, leftover_keys, superseded_keys, variant_keys
from handlers.publish.completion_events import moment_of
from handlers.storage.catalog import Catalog
from imagectl.operations.backfill import is_expired
from imagectl.operations.buckets import Stored, listed, looked_at, outside
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
    OUTDATED: "the row is about an earlier upload than the current original, or about its deletion",
    LEFTOVER: "variants of an earlier upload, or of a deleted image, were not removed",
    MISSING_ORIGINAL: "a row without an original, which did not expire",
    MISSING_VARIANTS: "a READY row names variants that are not there",
    ORPHAN: "a variant that no row names",
    FOREIGN: "an object in one of the buckets that is nothing of this service",
    LONG_KEY: f"an original whose key is longer than {keys.MAX_ORIGINAL_KEY_BYTES} bytes, so never rendered",
    MISPLACED: "an object under the prefix of another lane than its id's, so never rendered",
}

YOUNG: Final = "young"
WAITING: Final = "waiting"
CHANGED: Final = "changed"
UNSETTLED: Final = "unsettled"
EXPIRED: Final = "expired"
FOLDER: Final = "folder"

NOT_JUDGED: Final = {
    YOUNG: "younger than --grace-minutes, so it may be in progress",
    WAITING: "uploaded less than --stuck-minutes ago, and not settled yet",
    CHANGED: "changed while it was looked at",
    UNSETTLED: "variants of an image without a settled row, which a render may be about to name",
    EXPIRED: "variants without a row or an original that are so old that the original may have expired",
    FOLDER: "folder markers, whose keys end in a slash",
}
"""Why something is neither right nor wrong."""

Unjudged = tuple[str, str]
"""What was not judged (`rows`, `originals`, `variants`), and why not."""


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


Suspicion = Callable[[], Finding | Unjudged | None]
"""Looks again, at rows and objects as they are now: a finding, nothing, or what cannot be said."""


class Comparison:
    """Compares a snapshot of the table with both buckets.

    `grace` is the age below which nothing is suspected, because it may be under way; `stuck_after`
    how long an upload may wait to be processed. `unjudged` counts what was passed over so far.
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
        self.unjudged: Counter[Unjudged] = Counter()

    def suspicions(self) -> Iterator[Suspicion]:
        """Everything that may be wrong; no row or object is held longer than it takes to look at it.

        Suspicions may be looked into at the same time, in other threads than the one that iterates.
        """
        yield from self._about_originals()
        yield from self._about_variants()
        for bucket, known in (
            (self._stack.originals, tuple(keys.ORIGINALS_PREFIXES.values())),
            (self._stack.variants, (keys.VARIANTS_PREFIX,)),
        ):
            for stored in outside(self._stack.s3, bucket, known):
                yield partial(_foreign, stored.key)

    def _about_originals(self) -> Iterator[Suspicion]:
        for raw, stored, row in merged(self._originals(), self._snapshot.rows()):
            yield from self._misplaced_so_far()
            if stored and keys.is_too_long(stored.key):
                yield partial(self._never_rendered, LONG_KEY, stored.key, "copy it to a shorter key")
                continue
            verdict = self._verdict(stored, row)
            if verdict in NOT_JUDGED:
                self.unjudged["originals" if stored else "rows", verdict] += 1
            elif verdict:
                yield partial(self._look_again, raw.decode(), verdict)
        yield from self._misplaced_so_far()

    def _misplaced_so_far(self) -> Iterator[Suspicion]:
        while self._misplaced:
            advice = f"copy it to another name under {keys.ORIGINALS_PREFIXES['bulk']}"
            yield partial(self._never_rendered, MISPLACED, self._misplaced.popleft(), advice)

    def _never_rendered(self, kind: str, key: str, advice: str) -> Finding | None:
        if looked_at(self._stack.s3, self._stack.originals, key) is None:
            return None
        return Finding(kind=kind, image_id="", key=key, detail=f"{advice}, and delete it")

    def _look_again(self, image_id: str, suspected: str) -> Finding | Unjudged | None:
        row = self._catalog.get(image_id)
        original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
        verdict = self._verdict(original, row)
        if verdict == suspected:
            return Finding(kind=verdict, image_id=image_id, row=row, original=original)
        return ("originals" if original else "rows", CHANGED) if verdict else None

    def _verdict(self, stored: Stored | None, row: Row | None) -> str | None:
        """What is wrong about an original and its row, or why that cannot be said; None if nothing is."""
        if stored is None:
            return self._without_original(row) if row else None
        waited = _age(stored.modified)
        if row is None:
            return MISSING_ROW if waited >= self._grace else YOUNG
        if row["Status"] == "FAILED":
            return FAILED
        if row["Status"] == "PENDING" or row.get("ETag") != stored.etag:
            wrong = STUCK if row["Status"] == "PENDING" else OUTDATED
            return wrong if waited >= self._stuck_after else WAITING
        return self._leftover(row)

    def _leftover(self, row: Row) -> str | None:
        wrong = LEFTOVER if self._is_old(row) else YOUNG
        return wrong if leftover_keys(row) else None

    def _without_original(self, row: Row) -> str | None:
        if row["Status"] == DELETED:
            return self._leftover(row)
        if "Sequencer" not in row:  # announced, and not uploaded yet
            return None
        if is_expired(row, expire_days=self._expire_days, now=datetime.now(UTC)):
            return None
        return MISSING_ORIGINAL if self._is_old(row) else YOUNG

    def _is_old(self, row: Row) -> bool:
        return _age(datetime.fromisoformat(moment_of(row))) >= self._grace

    def _about_variants(self) -> Iterator[Suspicion]:
        incomplete = ""  # the image that was suspected last: its keys stand next to each other
        for raw, named, stored in merged(self._snapshot.variants(), self._variants()):
            key = raw.decode()
            if named and named[1] and stored is None and named[0] != incomplete:
                incomplete = named[0]
                yield partial(self._missing, named[0], key)
            elif named is None and stored:
                yield from self._unnamed(stored)

    def _unnamed(self, stored: Stored) -> Iterator[Suspicion]:
        if keys.image_id_of_variant(stored.key) is None:
            yield partial(_foreign, stored.key)
        elif _age(stored.modified) < self._grace:
            self.unjudged["variants", YOUNG] += 1
        else:
            yield partial(self._orphan, stored.key)

    def _missing(self, image_id: str, key: str) -> Finding | None:
        row = self._catalog.get(image_id)
        if not row or row["Status"] != "READY" or key not in variant_keys(row):
            return None
        if looked_at(self._stack.s3, self._stack.variants, key):
            return None
        original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
        detail = "" if original else "its original is gone, so it cannot be rendered again"
        return Finding(kind=MISSING_VARIANTS, image_id=image_id, row=row, original=original, detail=detail)

    def _orphan(self, key: str) -> Finding | Unjudged | None:
        image_id = keys.image_id_of_variant(key)
        assert image_id is not None
        variant = looked_at(self._stack.s3, self._stack.variants, key)
        if variant is None:
            return None
        if _age(variant.modified) < self._grace:
            return "variants", CHANGED
        row = self._catalog.get(image_id)
        if row and key in {*variant_keys(row), *superseded_keys(row)}:
            return None
        original = looked_at(self._stack.s3, self._stack.originals, keys.original_key(image_id))
        if row["Status"] in {"PENDING", "FAILED"} if row else original:
            return "variants", UNSETTLED
        # Where the row was lost after the original had expired, this is all that is left of the image.
        if row is None and 0 < self._expire_days <= _age(variant.modified).days:
            return "variants", EXPIRED
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
            else:
                self.unjudged["originals", FOLDER] += 1

    def _variants(self) -> Iterator[tuple[bytes, Stored]]:
        for stored in listed(self._stack.s3, self._stack.variants, keys.VARIANTS_PREFIX):
            self.variants += 1
            yield stored.key.encode(), stored


def _foreign(key: str) -> Finding:
    return Finding(kind=FOREIGN, image_id="", key=key, detail="nothing of this service; left alone")


def _age(moment: datetime) -> timedelta:
    return datetime.now(UTC) - moment
