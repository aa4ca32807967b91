"""Objects of the two buckets: listing them in order, and looking at one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GONE: Final = {"404", "NoSuchKey"}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object that stands in a bucket; `version_id` is known only of one that was looked at."""

    key: str
    size: int
    etag: str
    modified: datetime
    version_id: str | None = None


def listed(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Stored]:
    """The objects of a bucket by the bytes of their keys, which is S3's own order.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for each in page.get("Contents", []):
            yield Stored(
                key=each["Key"],
                size=each["Size"],
                etag=each["ETag"].strip('"'),
                modified=each["LastModified"],
            )


def looked_at(s3: "S3Client", bucket: str, key: str) -> Stored | None:
    """An object as it stands now; None if there is none."""
    try:
        found = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            return None
        raise
    return Stored(
        key=key,
        size=found["ContentLength"],
        etag=found["ETag"].strip('"'),
        modified=found["LastModified"],
        version_id=found.get("VersionId"),
    )
