"""The events of images: one for each outcome, READY, REJECTED or FAILED, and one for a deletion.

The structures are the `detail` of the events; `docs/events.schema.json` is written from them, and
`docs/events.md` says what those who read them may rely on.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.contract.rows import DELETED, NOT_RENDERED, SETTLED, Row

VERSION: Final = "1"
"""The version of the structures below; members may be added to one, see `docs/events.md`."""

_Time = Annotated[str, Meta(description="ISO 8601 in UTC", examples=["2026-01-02T03:04:05.678Z"])]
_CaptureTime = Annotated[
    str,
    Meta(
        description="ISO 8601 in local time, with the offset from UTC where the camera noted it",
        examples=["2026-01-02T04:04:05+01:00", "2026-01-02T04:04:05"],
    ),
]
_Count = Annotated[int, Meta(ge=0)]


class _Part(msgspec.Struct, rename="camel"):
    """A JSON object. Members that are unset are left out."""


class PublishedOriginal(_Part, kw_only=True):
    """What was uploaded, and where it is."""

    bucket: str
    key: str
    version_id: str | UnsetType = UNSET
    etag: str
    bytes: _Count


class PublishedFacts(_Part, kw_only=True):
    """What the original was found to be. Pixels are counted upright."""

    format: str
    width: _Count
    height: _Count
    frames: _Count
    bit_depth: _Count
    has_alpha: bool
    dominant_color: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
    captured_at: _CaptureTime | UnsetType = UNSET
    camera: Annotated[str, Meta(description="Make and model.")] | UnsetType = UNSET


class PublishedVariant(_Part, kw_only=True):
    """A rendered size, and where it is."""

    bucket: str
    key: str
    width: _Count
    height: _Count
    bytes: _Count
    content_type: str


class _Event(_Part, kw_only=True, tag_field="status"):
    version: Literal["1"]
    id: Annotated[str, Meta(description="The same whenever this is published; deduplicate by it.")]
    image_id: str
    batch_id: str | UnsetType = UNSET
    owner: Annotated[str, Meta(description="Who announced it; not there for dropped files.")] | UnsetType = (
        UNSET
    )
    sequencer: Annotated[str, Meta(description="Of two events, the one with the greater text is newer.")]


class _Completion(_Event, kw_only=True):
    preset_hash: str
    original: PublishedOriginal
    attempts: _Count
    created_at: _Time
    uploaded_at: _Time
    processed_at: _Time


class ImageReadyEvent(_Completion, kw_only=True, tag="READY"):
    """All variants of an image can be read."""

    facts: PublishedFacts
    placeholder: Annotated[str, Meta(description="A ThumbHash as Base64.")]
    variants: Annotated[dict[str, PublishedVariant], Meta(description="By the name of their preset.")]


class ImageRejectedEvent(_Completion, kw_only=True, tag="REJECTED"):
    """The bytes can never become variants."""

    reason: str


class ImageFailedEvent(_Completion, kw_only=True, tag="FAILED"):
    """An image could not be processed although it was tried again; operators are alarmed too."""

    reason: str
    error: str


class DeletedOriginal(_Part, kw_only=True):
    """Where the original was."""

    bucket: str
    key: str


class ImageDeletedEvent(_Event, kw_only=True, tag="DELETED"):
    """Somebody decided to delete an image: by the API, in the bucket, or by erasing all of an owner."""

    original: DeletedOriginal
    erased: Annotated[bool, Meta(description="Whether nothing can be recovered: delete all copies.")]
    deleted_at: _Time


Completion = ImageReadyEvent | ImageRejectedEvent | ImageFailedEvent
ImageEvent = Completion | ImageDeletedEvent

DETAIL_TYPES: Final[Mapping[type[ImageEvent], str]] = {
    ImageReadyEvent: "Image Ready",
    ImageRejectedEvent: "Image Rejected",
    ImageFailedEvent: "Image Failed",
    ImageDeletedEvent: "Image Deleted",
}


def event_of_change(before: Row | None, after: Row | None, originals: str) -> ImageEvent | None:
    """The event that a change of a row is; None if it is neither an outcome nor a deletion.

    `originals` is the name of their bucket. A row that goes is not an event: it expired, or it was lost.
    Raises KeyError if the row lacks an attribute.
    """
    if after is None or not is_event(after):
        return None
    if before is not None and _outcome(before) == _outcome(after):
        return None
    return event_of(after, originals)


def is_event(row: Row) -> bool:
    """Whether a row as it stands is something to publish."""
    if row["Status"] == DELETED:
        return True
    # Of one that is to be rendered again, the render will be published.
    return row["Status"] in SETTLED and row["PresetHash"] != NOT_RENDERED


def moment_of(row: Row) -> str:
    """When that happened which is to be published of a row."""
    return row["DeletedAt"] if row["Status"] == DELETED else row["ProcessedAt"]


def event_of(row: Row, originals: str) -> ImageEvent:
    """The event of a settled or deleted row as it stands. Raises KeyError if it lacks an attribute."""
    common: dict[str, Any] = {
        "version": VERSION,
        "id": _id(row, originals),
        "image_id": row["ImageID"],
        "batch_id": row.get("BatchID", UNSET),
        "owner": row.get("Owner", UNSET),
        "sequencer": row["Sequencer"],
    }
    if row["Status"] == DELETED:
        return ImageDeletedEvent(
            **common,
            original=DeletedOriginal(bucket=originals, key=row["OriginalKey"]),
            erased=row.get("Erased", False),
            deleted_at=row["DeletedAt"],
        )
    return _completion(row, originals, common)


def _completion(row: Row, originals: str, common: dict[str, Any]) -> Completion:
    common |= {
        "preset_hash": row["PresetHash"],
        "original": PublishedOriginal(
            bucket=originals,
            key=row["OriginalKey"],
            version_id=row.get("VersionId", UNSET),
            etag=row["ETag"],
            bytes=row["Bytes"],
        ),
        "attempts": row["Attempts"],
        "created_at": row["CreatedAt"],
        "uploaded_at": row["UploadedAt"],
        "processed_at": row["ProcessedAt"],
    }
    if row["Status"] == "READY":
        return ImageReadyEvent(
            **common, facts=_facts(row), placeholder=row["Placeholder"], variants=_variants(row)
        )
    if row["Status"] == "REJECTED":
        return ImageRejectedEvent(**common, reason=row["Reason"])
    return ImageFailedEvent(**common, reason=row["Reason"], error=row["Error"])


def _outcome(row: Row) -> tuple[object, ...]:
    # A row also changes when superseded variants are gone, or when it is marked to be rendered again.
    if row["Status"] == DELETED:  # a later removal of the same original only raises the sequencer
        return DELETED, row["DeletedAt"], row.get("Erased", False)
    return tuple(row.get(name) for name in ("Status", "Sequencer", "PresetHash", "ProcessedAt"))


def _id(row: Row, originals: str) -> str:
    # Made of the outcome and not of the stream record, so that an operator can publish it again
    # under the same id.
    name = json.dumps([originals, row["ImageID"], *_outcome(row)])
    return str(uuid5(NAMESPACE_URL, f"urn:image-intake:completion:{name}"))


def _facts(row: Row) -> PublishedFacts:
    return PublishedFacts(
        format=row["Format"],
        width=row["Width"],
        height=row["Height"],
        frames=row["Frames"],
        bit_depth=row["BitDepth"],
        has_alpha=row["HasAlpha"],
        dominant_color=row["DominantColor"],
        captured_at=row.get("CapturedAt", UNSET),
        camera=row.get("Camera", UNSET),
    )


def _variants(row: Row) -> dict[str, PublishedVariant]:
    return {
        name: PublishedVariant(
            bucket=row["Bucket"],
            key=variant["Key"],
            width=variant["Width"],
            height=variant["Height"],
            bytes=variant["Bytes"],
            content_type=variant["ContentType"],
        )
        for name, variant in sorted(row["Variants"].items())
    }
