"""The AWS clients of the functions, built once a cold start by their entry points."""

from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Short timeouts and few attempts: the queue retries what fails here. The
# signature is named because presigned requests would otherwise fall back to version 2 in places.
_RETRIES: Final[Any] = {"mode": "standard", "total_max_attempts": 3}
_CONFIG: Final = Config(signature_version="v4", connect_timeout=2, read_timeout=20, retries=_RETRIES)


def credentials() -> "Callable[[], ReadOnlyCredentials]":
    """The provider of the current credentials, which the clients sign with."""
    found = boto3.Session().get_credentials()
    assert found is not None, "the function has a role"
    return found.get_frozen_credentials


def s3() -> "S3Client":
    """A client of S3 that signs with version 4, presigned requests included.

    Virtual addressing makes presigned requests name the bucket's region: the global address that
    boto3 signs otherwise redirects for the first hours of a bucket, and a redirect breaks the
    signature. https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
    """
    s3 = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return boto3.client("s3", config=_CONFIG.merge(s3))


def dynamodb(*, repeats: bool = True) -> "DynamoDBClient":
    """A client of DynamoDB, which may repeat calls whose outcome it does not know.

    It does not check parameters, which the table does anyway: that was half of what a write costs.
    """
    retries = _RETRIES if repeats else _RETRIES | {"total_max_attempts": 1}
    config = Config(parameter_validation=False, retries=retries)
    return boto3.client("dynamodb", config=_CONFIG.merge(config))


def events() -> "EventBridgeClient":
    """A client of EventBridge."""
    return boto3.client("events", config=_CONFIG)


def sqs() -> "SQSClient":
    """A client of SQS."""
    return boto3.client("sqs", config=_CONFIG)
