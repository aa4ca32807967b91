"""What the API answers, as msgspec structures: the JSON and its schema come from here."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api.problems import QuotaUnit
from handlers.contract.keys import Lane
from handlers.contract.rows import Row, Status, VariantAttributes, timestamp
from handlers.storage.signed_urls import SignedUrl

Time = Annotated[str, Meta(description="ISO 8601 in UTC", examples=["2026-01-02T03:04:05.678Z"])]
CaptureTime = Annotated[
    str,
    Meta(
        description="ISO 8601 in local time, with the offset from UTC where the camera noted it",
        examples=["2026-01-02T04:04:05+01:00", "2026-01-02T04:04:05"],
    ),
]
Count = Annotated[int, Meta(ge=0)]
Reason = Annotated[str, Meta(description="Why it did not become READY.")]


class _Document(msgspec.Struct, kw_only=True, rename="camel"):
    """A JSON object of the API. Members that are unset are left out."""


class ProblemDocument(_Document):
    """A problem, https://www.rfc-editor.org/rfc/rfc9457. `type` is stable, the rest is for people.

    API Gateway's own answers hold only `message`; those of the service hold `type`, `title` and `status`.
    """

    type: Annotated[str, Meta(pattern="^urn:image-intake:problem:[a-z-]+$")] | UnsetType = UNSET
    title: str | UnsetType = UNSET
    status: Annotated[int, Meta(ge=400, le=599)] | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    limit: Annotated[int, Meta(description="The limit that was exceeded.")] | UnsetType = UNSET
    unit: Annotated[QuotaUnit, Meta(description="What the limit of a quota counts.")] | UnsetType = UNSET
    resets_at: Time | UnsetType = UNSET
    message: Annotated[str, Meta(description="Only from API Gateway.")] | UnsetType = UNSET


class Upload(_Document):
    """A presigned POST policy: post `fields`, then the bytes as `file`, as multipart/form-data to `url`."""

    url: str
    fields: dict[str, str]
    expires_at: Time


class AcceptedFile(_Document, tag_field="outcome", tag="accepted"):
    """A file that is to be uploaded now, and the image that it becomes."""

    image_id: str
    location: str
    lane: Lane
    upload: Upload


class RefusedFile(_Document, tag_field="outcome", tag="refused"):
    """A file that is not accepted, and the reason."""

    error: ProblemDocument


FileAnswer = AcceptedFile | RefusedFile
"""The answer to one announced file; `outcome` tells them apart."""


class CreatedUploads(_Document):
    """The answers to the announced files, in their order."""

    batch_id: str
    files: list[FileAnswer]


class CreatedImage(_Document):
    """An image that was taken and is waiting to be rendered."""

    image_id: str
    status: Status
    location: str
    lane: Lane


class Allowance(_Document):
    """What the caller may announce in an hour, and what it has announced since the last reset."""

    limit: Count
    used: Count
    resets_at: Time


class Quota(_Document):
    """The caller's quota: images, their bytes, and the first images of the hour, which are express."""

    images: Allowance
    bytes: Allowance
    express: Allowance


class Variant(_Document):
    """A rendered size. `url` reads it until `expiresAt`."""

    url: str
    expires_at: Time
    width: Count
    height: Count
    bytes: Count
    content_type: str


class _Image(_Document, tag_field="status"):
    """What images of every status have in common. What is not known, or does not apply, is left out."""

    image_id: str
    file_name: str | UnsetType = UNSET
    content_type: str | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    owner: Annotated[str, Meta(description="Only in answers to administrators.")] | UnsetType = UNSET
    format: str | UnsetType = UNSET
    width: Count | UnsetType = UNSET
    height: Count | UnsetType = UNSET
    bytes: Count | UnsetType = UNSET
    frames: Count | UnsetType = UNSET
    bit_depth: Count | UnsetType = UNSET
    has_alpha: bool | UnsetType = UNSET
    dominant_color: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")] | UnsetType = UNSET
    placeholder: Annotated[str, Meta(description="A ThumbHash as Base64.")] | UnsetType = UNSET
    captured_at: CaptureTime | UnsetType = UNSET
    camera: Annotated[str, Meta(description="Make and model.")] | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET
    uploaded_at: Time | UnsetType = UNSET
    processed_at: Time | UnsetType = UNSET
    attempts: Count | UnsetType = UNSET


class PendingImage(_Image, kw_only=True, tag="PENDING"):
    """An image that was announced and is not rendered yet."""


class ReadyImage(_Image, kw_only=True, tag="READY"):
    """An image whose variants can be read."""

    variants: dict[str, Variant]


class RejectedImage(_Image, kw_only=True, tag="REJECTED"):
    """An image whose bytes can never become variants."""

    reason: Reason


class FailedImage(_Image, kw_only=True, tag="FAILED"):
    """An image that could not be rendered; operators are alerted and may try again."""

    reason: Reason


Image = PendingImage | ReadyImage | RejectedImage | FailedImage
"""An image; `status` tells the four apart."""


class ImageList(_Document):
    """Images, newest first. With a `cursor` there are more."""

    images: list[Image]
    cursor: str | UnsetType = UNSET


class Counts(msgspec.Struct, kw_only=True):
    """How many images of a batch have each status."""

    PENDING: Count
    READY: Count
    REJECTED: Count
    FAILED: Count


class Failure(_Document):
    """An image of a batch that did not become `READY`."""

    image_id: str
    file_name: str
    status: Status
    reason: str


class Batch(_Document):
    """How far a batch is. It is `done` when no image is `PENDING`; `failures` are the first 100."""

    batch_id: str
    total: Count
    counts: Counts
    done: bool
    failures: list[Failure]


def _attribute(member: str) -> str:
    """The row's attribute of an image's member: `batchId` is `BatchID`."""
    name = member[:1].upper() + member[1:]
    return f"{name[:-2]}ID" if name.endswith("Id") else name


_ATTRIBUTES: Final = {
    field.name: _attribute(field.encode_name)
    for field in msgspec.structs.fields(_Image)
    if field.name != "owner"
}


def image(row: Row, signed_url: Callable[[str], SignedUrl], *, with_owner: bool) -> Image:
    """The document of a row. `signed_url` makes a URL of a variant's key.

    Raises ValueError for the row of a deleted image, which no caller sees.
    """
    known: Mapping[str, Any] = row
    members = {name: known[attribute] for name, attribute in _ATTRIBUTES.items() if attribute in known}
    if with_owner and "Owner" in row:
        members["owner"] = row["Owner"]
    match row["Status"]:
        case "PENDING":
            return PendingImage(**members)
        case "READY":
            variants = {
                name: _variant(variant, signed_url(variant["Key"]))
                for name, variant in row["Variants"].items()
            }
            return ReadyImage(**members, variants=variants)
        case "REJECTED":
            return RejectedImage(**members, reason=row["Reason"])
        case "FAILED":
            return FailedImage(**members, reason=row["Reason"])
        case deleted:
            raise ValueError(f"an image that is {deleted} has no document")


def _variant(variant: VariantAttributes, signed: SignedUrl) -> Variant:
    return Variant(
        url=signed.url,
        expires_at=timestamp(signed.expires_at),
        width=variant["Width"],
        height=variant["Height"],
        bytes=variant["Bytes"],
        content_type=variant["ContentType"],
    )


def location(image_id: str) -> str:
    """Where an image is read, relative to the address of the API."""
    return f"/images/{quote(image_id)}"
