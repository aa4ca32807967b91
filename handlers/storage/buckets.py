"""The two buckets: reading originals, writing and removing variants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, IncompleteReadError

from handlers.contract.malware_scan import TAG as SCAN_TAG
from handlers.contract.original_metadata import decode
from handlers.contract.rows import Row, iso_8601

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GONE: Final = {"NoSuchKey", "404"}
_DENIED: Final = {"AccessDenied", "403"}
# Variant keys are never written twice with different bytes, so caches may keep them for good.
_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True)
class StoredOriginal:
    """An original as it stands in the bucket now; `version` is its version id, or else its ETag.

    `description` are the attributes of its row that S3 knows: see `describe`.
    """

    data: bytes
    version: str
    description: Row


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What the malware scan said about the original that stands at a key now.

    `version_id` is None in a bucket without versions, `status` None until there is a result.
    """

    version_id: str | None
    status: str | None


class Buckets:
    """Originals and variants. Errors of S3 are botocore's, and transient to the caller."""

    def __init__(self, client: "S3Client", *, originals_bucket: str, variants_bucket: str) -> None:
        self._client = client
        self._originals = originals_bucket
        self.variants_bucket = variants_bucket

    def fetch(self, key: str, *, max_bytes: int) -> StoredOriginal | None:
        """The current object at `key`; None if there is none any more.

        At most `max_bytes` + 1 bytes are read, enough to see that an object is too large.
        """
        try:
            found = self._client.get_object(Bucket=self._originals, Key=key)
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        expected = min(found["ContentLength"], max_bytes + 1)
        with found["Body"] as body:
            data = body.read(expected)
        # A bounded read of a connection that broke off ends early without an error, and the image
        # would look truncated for good.
        if len(data) < expected:
            raise IncompleteReadError(actual_bytes=len(data), expected_bytes=expected)
        return StoredOriginal(
            data=data,
            version=_version(found.get("VersionId"), found["ETag"]),
            description=_description(found),
        )

    def describe(self, key: str) -> Row:
        """What S3 knows of the current object at `key`, as attributes of a row; {} if there is none.

        The declared content type, when it was uploaded (to the second), and what was announced, if it was.
        """
        try:
            return _description(self._client.head_object(Bucket=self._originals, Key=key))
        except ClientError as error:
            if _is_gone(error):
                return {}
            raise

    def exists(self, key: str) -> bool:
        """Whether an original stands at `key` now. S3 is strongly consistent about this."""
        try:
            self._client.head_object(Bucket=self._originals, Key=key)
        except ClientError as error:
            if _is_gone(error):
                return False
            raise
        return True

    def put_original(self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str]) -> None:
        """Store an original, the way an upload policy would have."""
        self._client.put_object(
            Bucket=self._originals, Key=key, Body=data, ContentType=content_type, Metadata=metadata
        )

    def remove_original(self, key: str) -> None:
        """Remove an original; removing one that does not exist is not an error.

        In a bucket with versions it can be recovered until its version expires.
        """
        self._client.delete_object(Bucket=self._originals, Key=key)

    def put_variant(self, key: str, data: bytes, content_type: str) -> None:
        """Store a variant, cacheable for good."""
        self._client.put_object(
            Bucket=self.variants_bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            CacheControl=_CACHE_CONTROL,
        )

    def remove_variants(self, keys: Iterable[str]) -> None:
        """Remove variants; keys that do not exist are not an error.

        One request a key: the keys of a DeleteObjects request travel in XML, which cannot hold
        every character that a key can.
        """
        for key in sorted(set(keys)):
            self._client.delete_object(Bucket=self.variants_bucket, Key=key)


class GatedBuckets(Buckets):
    """The storage of a stack whose originals may only be read once a scan found them clean.

    S3 answers every other question about them with 403, a HEAD included, so whether one exists
    is read from its tags.
    """

    def describe(self, key: str) -> Row:
        """As for any bucket; {} of an object that was not found clean, about which S3 says nothing."""
        try:
            return super().describe(key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _DENIED:
                return {}
            raise

    def exists(self, key: str) -> bool:
        """Whether an original stands at `key` now, whatever its scan said."""
        return self.scan(key) is not None

    def scan(self, key: str) -> Scan | None:
        """The result of the current object's scan; None if there is no object any more."""
        try:
            found = self._client.get_object_tagging(Bucket=self._originals, Key=key)
        except ClientError as error:
            # A delete marker has no tags to get.
            if _is_gone(error) or error.response.get("Error", {}).get("Code") == "MethodNotAllowed":
                return None
            raise
        tags = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
        version_id = found.get("VersionId")
        return Scan(version_id=None if version_id == "null" else version_id, status=tags.get(SCAN_TAG))


def _is_gone(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _GONE


def _description(found: Mapping[str, Any]) -> Row:
    # What a row can be written again from, so `UploadedAt` is S3's own time and not that of an event.
    return {
        "ContentType": found.get("ContentType", ""),
        "UploadedAt": iso_8601(found["LastModified"]),
        **decode(found.get("Metadata", {})),
    }


def _version(version_id: str | None, etag: str) -> str:
    # Objects written while versioning was off or suspended have the version "null" for good.
    return version_id if version_id and version_id != "null" else etag.strip('"')
