"""Whether originals, rows and variants agree: the account that a proof has to balance."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from handlers.contract import keys
from handlers.contract.rows import DELETED, Row, variant_keys


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an original that stands in the bucket must have come to.

    `etag` is the object's, without quotes; `presets` are the names of the variants of an image
    that is `READY`; an image that is `REJECTED` has one of `reasons`. With both, either is right.
    """

    etag: str
    presets: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Account:
    """What does not balance, as sentences without a full stop.

    lost      an original that is not in the state it must be in, or a variant that is not there
    doubled   an image that has more than one set of variants
    orphaned  a row without an original, or variants that belong to no row
    stuck     an image that waits for something which will not happen
    """

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    orphaned: tuple[str, ...]
    stuck: tuple[str, ...]

    @property
    def balances(self) -> bool:
        """Whether there is nothing to complain about."""
        return not (self.lost or self.doubled or self.orphaned or self.stuck)


def balance(originals: Mapping[str, Expected], rows: Mapping[str, Row], variants: Collection[str]) -> Account:
    """Compare what stands in the three stores, once nothing is queued any more.

    `originals` and `rows` are by ImageID, `variants` all keys of the variants bucket. A `PENDING`
    row without an original is an upload that never came, and a `DELETED` one an image that went; both
    expire on their own.
    """
    lost, stuck = [], []
    for image_id, expected in sorted(originals.items()):
        row = rows.get(image_id)
        if row and row["Status"] in {"PENDING", "FAILED"}:
            stuck.append(f"{image_id} is {row['Status']} {row.get('Reason', '')}".rstrip())
        elif complaint := _complaint(row, expected, variants):
            lost.append(f"{image_id} {complaint}")
    doubled, orphaned = _unnamed(rows, variants)
    orphaned += [
        f"a row of {image_id}, {row['Status']}, has no original"
        for image_id, row in sorted(rows.items())
        if image_id not in originals and row["Status"] not in {"PENDING", DELETED}
    ]
    return Account(lost=tuple(lost), doubled=tuple(doubled), orphaned=tuple(orphaned), stuck=tuple(stuck))


def _complaint(row: Row | None, expected: Expected, variants: Collection[str]) -> str | None:
    if row is None:
        return "has no row"
    if row.get("ETag") != expected.etag:
        return "has the row of another upload"
    if row["Status"] == "REJECTED":
        reason = row.get("Reason", "without a reason")
        return None if reason in expected.reasons else f"is REJECTED {reason}"
    if not expected.presets or set(row["Variants"]) != expected.presets:
        return f"is {row['Status']} with {sorted(row.get('Variants', {}))}"
    missing = [key for key in variant_keys(row) if key not in variants]
    return f"misses {missing}" if missing else None


def _unnamed(rows: Mapping[str, Row], variants: Iterable[str]) -> tuple[list[str], list[str]]:
    """Images with a second set of variants, and keys of variants that belong to no image."""
    named = {key for row in rows.values() for key in variant_keys(row)}
    sets: dict[str, set[str]] = defaultdict(set)
    for key in set(variants) - named:
        # {prefix}{ImageID}/{render}/{preset}.{extension}, and an ImageID may hold slashes
        image_id, render, _ = key.removeprefix(keys.VARIANTS_PREFIX).rsplit("/", 2)
        sets[image_id].add(render)
    doubled: list[str] = []
    orphaned: list[str] = []
    for image_id, renders in sorted(sets.items()):
        found = f"{image_id} also has the variants {', '.join(sorted(renders))}"
        (doubled if variant_keys(rows.get(image_id)) else orphaned).append(found)
    return doubled, orphaned
