"""S3 events written by an operator's hand, which the worker settles like those of S3.

The structure is documented at
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import json
from typing import Any, Final, Literal
from urllib.parse import quote_plus

from handlers import keys
from handlers.rows import Row

# Below every sequencer of S3, so that whatever S3 tells of the object, however late, wins.
BEFORE_ANY: Final = "0"
# No sequencer of S3 is that long, so nothing of S3 falls between one and its successor.
_LONGER_THAN_ANY: Final = 64

Kind = Literal["ObjectCreated:Put", "ObjectRemoved:Delete"]


def just_after(sequencer: str) -> str:
    """The next sequencer in the order of S3: every later event of S3 itself is later than this one."""
    return f"{sequencer:0<{_LONGER_THAN_ANY}}1"


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
    described: dict[str, Any] = {
        "key": quote_plus(keys.original_key(image_id), safe="/"),
        "sequencer": sequencer,
    }
    if kind.startswith("ObjectCreated"):
        described |= {"size": size, "eTag": etag}
    if version_id:
        described["versionId"] = version_id
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": time,
        "eventName": kind,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": described},
    }
    return json.dumps({"Records": [record]})


def of_row(bucket: str, row: Row, kind: Kind = "ObjectCreated:Put") -> str:
    """The event that a settled row stems from, once more: it says what the row says."""
    return body(
        bucket,
        row["ImageID"],
        kind=kind,
        sequencer=row["Sequencer"],
        time=row["UploadedAt"],
        size=row.get("Bytes", 0),
        etag=row.get("ETag", ""),
        version_id=row.get("VersionId"),
    )
