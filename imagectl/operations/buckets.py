"""Objects of the two buckets: listing them in order, and looking at one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

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
        yield from map(_stored, page.get("Contents", []))


def outside(s3: "S3Client", bucket: str, prefixes: Collection[str]) -> Iterator[Stored]:
    """The objects of a bucket that are under none of these prefixes; each ends at its only slash."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
    for page in pages:
        yield from map(_stored, page.get("Contents", []))
        for folder in page.get("CommonPrefixes", []):
            if folder["Prefix"] not in prefixes:
                yield from listed(s3, bucket, folder["Prefix"])


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


def _stored(found: "ObjectTypeDef") -> Stored:
    return Stored(
        key=found["Key"],
        size=found["Size"],
        etag=found["ETag"].strip('"'),
        modified=found["LastModified"],
    )
