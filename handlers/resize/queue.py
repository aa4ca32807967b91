"""The worker's use of its own queue: messages put off, and events sent again."""

from typing import TYPE_CHECKING

from handlers.contract.s3_events import ObjectEvent, as_message
from handlers.resize.outcomes import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queue:
    """The queue at `url`. Errors of SQS are botocore's."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def postpone(self, message: Message, seconds: int) -> None:
        """Make a received message visible again after so many seconds."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=seconds
        )

    def resend(self, event: ObjectEvent, seconds: int) -> None:
        """Send an event in a new message, visible after so many seconds (at most 900)."""
        self._client.send_message(QueueUrl=self._url, MessageBody=as_message(event), DelaySeconds=seconds)
