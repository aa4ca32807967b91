"""Signing presigned POST policies: what one upload may be, bound to its bytes' exact frame.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from handlers.api.responses import Upload
from handlers.contract import keys
from handlers.contract.original_metadata import HEADER_PREFIX, encode
from handlers.contract.rows import Row, timestamp

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_s3 import S3Client

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, kw_only=True)
class Announced:
    """A file that is going to be uploaded: `size` in bytes, `sha256` its digest as Base64 or ""."""

    name: str
    content_type: str
    size: int
    sha256: str = ""


class PresignedPosts:
    """Signs policies for one bucket, many a call.

    botocore signs one policy in about a millisecond, most of which it spends on what is the same
    for all of them: where the bucket is and which key of the day signs. Both are found once here.
    What is signed is the same, byte for byte.

    `kms_key_arn` is the key that S3 encrypts uploads with; it uses its own if that is empty.
    """

    def __init__(
        self,
        client: "S3Client",
        *,
        bucket: str,
        seconds: int,
        kms_key_arn: str,
        credentials: "Callable[[], ReadOnlyCredentials]",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._bucket = bucket
        self._seconds = seconds
        self._encryption = _encryption(kms_key_arn)
        self._credentials = credentials
        self._clock = clock
        self._region = client.meta.region_name
        self._url = client.generate_presigned_post(Bucket=bucket, Key="any")["url"]

    def signer(self) -> Callable[[Row, Announced], Upload]:
        """What signs policies, with the credentials and the time of now.

        It takes an announced row and the file, and binds the key, the content type, the size (1 byte
        to the declared size), server-side encryption, what was announced (as metadata: that of the row,
        so that signing again changes nothing) and the checksum when there is one. The client posts
        `fields` and then `file` as multipart/form-data.
        """
        credentials = self._credentials()
        now = self._clock()
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        shared = {
            "x-amz-algorithm": _ALGORITHM,
            "x-amz-credential": f"{credentials.access_key}/{date[:8]}/{self._region}/s3/aws4_request",
            "x-amz-date": date,
        }
        if credentials.token:
            shared["x-amz-security-token"] = credentials.token
        shared_conditions = _listed([{name: value} for name, value in shared.items()])
        key = _signing_key(credentials.secret_key, date[:8], self._region)
        # Whole seconds: the policy ends at the time that the client gets.
        expires = int(now) + self._seconds
        expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires))
        expires_at = timestamp(expires)

        def sign(row: Row, file: Announced) -> Upload:
            exact = {
                "Content-Type": file.content_type,
                **self._encryption,
                **_metadata(row),
                **_checksum(file),
            }
            object_key = keys.original_key(row["ImageID"])
            conditions = _listed(
                [
                    *({name: value} for name, value in exact.items()),
                    ["content-length-range", 1, file.size],
                    {"bucket": self._bucket},
                    {"key": object_key},
                ]
            )
            document = f'{{"expiration": "{expiration}", "conditions": [{conditions}, {shared_conditions}]}}'
            policy = base64.b64encode(document.encode())
            fields = {
                **exact,
                "key": object_key,
                **shared,
                "policy": policy.decode(),
                "x-amz-signature": hmac.digest(key, policy, "sha256").hex(),
            }
            return Upload(url=self._url, fields=fields, expires_at=expires_at)

        return sign


def _encryption(kms_key_arn: str) -> dict[str, str]:
    if not kms_key_arn:
        return {"x-amz-server-side-encryption": "AES256"}
    return {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": kms_key_arn,
    }


def _metadata(row: Row) -> dict[str, str]:
    return {HEADER_PREFIX + key: value for key, value in encode(row).items()}


def _checksum(file: Announced) -> dict[str, str]:
    if not file.sha256:
        return {}
    return {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": file.sha256}


def _listed(conditions: list[Any]) -> str:
    """Conditions as the inside of a JSON list."""
    return json.dumps(conditions)[1:-1]


def _signing_key(secret: str | None, day: str, region: str) -> bytes:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
