"""Signed URLs of variants: anyone who has one can read the variant until it expires."""

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class SignedUrl(NamedTuple):
    """A URL, and the moment (seconds since 1970) at which it expires."""

    url: str
    expires_at: int


class SignedUrls:
    """Signs URLs that read the variants in `bucket` for `seconds` each."""

    def __init__(self, client: "S3Client", *, bucket: str, seconds: int) -> None:
        self._client = client
        self._bucket = bucket
        self._seconds = seconds

    def __call__(self, key: str) -> SignedUrl:
        """The URL of the variant at `key`. S3 is not called."""
        # Before it is signed, so that it is never said to live longer than it does.
        expires_at = int(time.time()) + self._seconds
        url = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=self._seconds
        )
        return SignedUrl(url, expires_at)
