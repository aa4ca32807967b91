"""A row of the table of images: its attributes, and what follows from them without asking anyone.

Attribute names are the storage contract: PascalCase, each written and read under this one name.
"""

from datetime import UTC, datetime
from typing import Final, Literal, TypedDict

Status = Literal["PENDING", "READY", "REJECTED", "FAILED"]

SETTLED: Final[tuple[Status, ...]] = ("READY", "REJECTED", "FAILED")
"""How an image can end."""

DELETED: Final = "DELETED"
"""The status of a row that records the decision to delete its image. To the API, there is no such image."""

NOT_RENDERED: Final = "stale"
"""What no set of presets hashes to: the `PresetHash` of a row that an operator wants rendered again."""

# Attributes that come from the announcement of an image and from nothing else. No later event changes them.
ANNOUNCED: Final = ("BatchID", "CreatedAt", "FileName", "Owner")

# The owner is part of an index's sort key, which DynamoDB allows 1,024 bytes.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_OWNER_BYTES: Final = 512
# Python's `$` would let a line break follow, which JSON Schema's does not.
BATCH_ID: Final = r"^[A-Za-z0-9_-]{1,64}$(?!\n)"

# Attributes that describe the current rendering: a settled row replaces all of them, so what it
# does not set must go.
RENDERED: Final = (
    "BitDepth",
    "Bucket",
    "Camera",
    "CapturedAt",
    "DominantColor",
    "Error",
    "Format",
    "Frames",
    "HasAlpha",
    "Height",
    "Placeholder",
    "Reason",
    "ResizedImageKey",
    "Variants",
    "VersionId",
    "Width",
)


PUBLIC: Final = ("ImageID", "Status", "Variants")
"""The attributes that tell where an image's variants are, and nothing about whose image it is."""


class VariantAttributes(TypedDict):
    """One entry of a row's `Variants`: where a variant is and what it measures (pixels, bytes)."""

    Key: str
    Width: int
    Height: int
    Bytes: int
    ContentType: str


class Row(TypedDict, total=False):
    """A row of the table. `Owner` is the principal who announced the image (none for files that
    were dropped into the bucket), `CapturedAt` is local time with the camera's offset from UTC if it noted
    one, `Shard` is its place in the indexes, which a deleted image does not have, and `Superseded` lists
    variants of an earlier image that still must go. `Erased` is there if a deletion leaves nothing to
    recover.
    """

    ImageID: str
    Status: Status | Literal["DELETED"]
    Bucket: str
    ResizedImageKey: str
    Variants: dict[str, VariantAttributes]
    Superseded: dict[str, VariantAttributes]
    OriginalKey: str
    FileName: str
    ContentType: str
    Format: str
    Width: int
    Height: int
    Bytes: int
    Frames: int
    BitDepth: int
    HasAlpha: bool
    DominantColor: str
    Placeholder: str
    CapturedAt: str
    Camera: str
    ETag: str
    VersionId: str
    Sequencer: str
    PresetHash: str
    BatchID: str
    Owner: str
    Shard: int
    CreatedAt: str
    UploadedAt: str
    ProcessedAt: str
    DeletedAt: str
    Erased: bool
    Attempts: int
    Reason: str
    Error: str
    ExpiresAt: int


def variant_keys(row: Row | None) -> tuple[str, ...]:
    """The keys of the variants that a row holds."""
    return tuple(variant["Key"] for variant in row.get("Variants", {}).values()) if row else ()


def superseded_keys(row: Row) -> tuple[str, ...]:
    """The keys of an earlier image's variants that a row still has to get rid of."""
    kept = set(variant_keys(row))
    return tuple(v["Key"] for v in row.get("Superseded", {}).values() if v["Key"] not in kept)


def leftover_keys(row: Row) -> tuple[str, ...]:
    """The keys of all variants that a row still has to get rid of: of a deleted image, of each."""
    return superseded_keys(row) + (variant_keys(row) if row["Status"] == DELETED else ())


def timestamp(moment: float | None = None) -> str:
    """A moment (seconds since 1970; now if absent) as ISO 8601 in UTC with milliseconds."""
    return iso_8601(datetime.now(UTC) if moment is None else datetime.fromtimestamp(moment, UTC))


def iso_8601(at: datetime) -> str:
    """A time in the form in which rows have it, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
