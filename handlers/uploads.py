"""Announcing images: a `PENDING` row and a presigned POST policy for each file to be uploaded."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uuid6

from handlers import keys
from handlers.catalog import Catalog
from handlers.rows import Row, timestamp
from handlers.settings import ApiSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What a file may be declared as. The worker trusts only the bytes; this keeps the obvious
# mistakes out of the bucket.
CONTENT_TYPES: Final = (
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
)


@dataclass(frozen=True, kw_only=True)
class Announced:
    """A file that is going to be uploaded; `size` in bytes, `name` empty where it is not known."""

    name: str
    content_type: str
    size: int


def new_id() -> str:
    """A time-ordered, unguessable ImageID or BatchID: a version 7 UUID with 74 random bits."""
    return str(uuid6.uuid7())


class Uploads:
    """Announces images and signs the policies they are uploaded with."""

    def __init__(self, client: "S3Client", catalog: Catalog, settings: ApiSettings) -> None:
        self._client = client
        self._catalog = catalog
        self._settings = settings

    def announce(self, files: Sequence[Announced], batch_id: str | None) -> list[str]:
        """Write a `PENDING` row for each file; returns their new ImageIDs in the same order."""
        now = time.time()
        image_ids = [new_id() for _ in files]
        rows = [
            self._pending(image_id, file, batch_id, now)
            for image_id, file in zip(image_ids, files, strict=True)
        ]
        self._catalog.put_pending(rows)
        return image_ids

    def policy(self, image_id: str, file: Announced) -> dict[str, Any]:
        """A presigned POST policy for exactly this file: `url`, `fields`, `expiresAt`.

        It binds the key, the content type and the size (1 byte to the declared size). The client
        posts `fields` and then `file` as multipart/form-data, see
        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html.
        """
        fields = {"Content-Type": file.content_type}
        seconds = self._settings.url_seconds
        signed = self._client.generate_presigned_post(
            Bucket=self._settings.originals_bucket,
            Key=keys.original_key(image_id),
            Fields=fields,
            Conditions=[
                ["eq", "$Content-Type", file.content_type],
                ["content-length-range", 1, file.size],
            ],
            ExpiresIn=seconds,
        )
        return {
            "url": signed["url"],
            "fields": signed["fields"],
            "expiresAt": timestamp(time.time() + seconds),
        }

    def _pending(self, image_id: str, file: Announced, batch_id: str | None, now: float) -> Row:
        row: Row = {
            "ImageID": image_id,
            "OriginalKey": keys.original_key(image_id),
            "ContentType": file.content_type,
            "CreatedAt": timestamp(now),
            "ExpiresAt": int(now) + self._settings.pending_seconds,
        }
        if file.name:
            row["FileName"] = file.name
        if batch_id:
            row["BatchID"] = batch_id
        return row
