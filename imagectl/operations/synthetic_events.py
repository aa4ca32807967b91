"""S3 events written by an operator's hand, which the worker settles like those of S3."""

from typing import Final, Literal

from handlers.contract import keys
from handlers.contract.rows import DELETED, Row
from handlers.contract.s3_events import ObjectEvent, as_message

# Below every sequencer of S3, so that every event of S3 about the object, however late, wins.
BEFORE_ANY: Final = "0"

Kind = Literal["created", "removed"]


def body(
    bucket: str,
    image_id: str,
    *,
    kind: Kind,
    sequencer: str,
    time: str,
    size: int = 0,
    etag: str = "",
    version_id: str | None = None,
) -> str:
    """The body of a message with one record; `time` is ISO 8601, `size` in bytes."""
    return as_message(
        ObjectEvent(
            kind=kind,
            bucket=bucket,
            key=keys.original_key(image_id),
            sequencer=sequencer,
            size=size,
            etag=etag,
            version_id=version_id,
            time=time,
        )
    )


def of_row(bucket: str, row: Row, kind: Kind = "created") -> str:
    """The event that a settled or deleted row stems from, rebuilt from the row."""
    return body(
        bucket,
        row["ImageID"],
        kind=kind,
        sequencer=row["Sequencer"],
        time=row["DeletedAt"] if row["Status"] == DELETED else row["UploadedAt"],
        size=row.get("Bytes", 0),
        etag=row.get("ETag", ""),
        version_id=row.get("VersionId"),
    )
