"""Signed URLs of variants: anyone who has one can read the variant until it expires."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class SignedUrls:
    """Signs URLs that read the variants in `bucket` for `seconds` each."""

    def __init__(self, client: "S3Client", *, bucket: str, seconds: int) -> None:
        self._client = client
        self._bucket = bucket
        self._seconds = seconds

    def __call__(self, key: str) -> str:
        """The URL of the variant at `key`. S3 is not called."""
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=self._seconds
        )
