"""The worker's use of its own queues: messages put off, and events sent again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from handlers.contract import keys
from handlers.contract.keys import Lane
from handlers.contract.s3_events import ObjectEvent, as_message
from handlers.resize.outcomes import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queues:
    """The queues at `urls`, by the lane whose events they take. Errors of SQS are botocore's."""

    def __init__(self, client: "SQSClient", urls: Mapping[Lane, str]) -> None:
        self._client = client
        self._urls = urls

    def postpone(self, message: Message, seconds: int) -> None:
        """Make a received message visible again in its queue after so many seconds."""
        # All queues of a stack are in one account and region, where URLs differ in the name alone.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
        base, _, _ = self._urls["bulk"].rpartition("/")
        self._client.change_message_visibility(
            QueueUrl=f"{base}/{message.queue}",
            ReceiptHandle=message.receipt_handle,
            VisibilityTimeout=seconds,
        )

    def resend(self, event: ObjectEvent, seconds: int) -> None:
        """Send an event again to the queue of its lane, visible after so many seconds (at most 900)."""
        lane = keys.lane_of(keys.image_id_of(event.key) or "")
        self._client.send_message(
            QueueUrl=self._urls[lane], MessageBody=as_message(event), DelaySeconds=seconds
        )
