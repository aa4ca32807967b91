"""SQS's own way of moving a whole dead-letter queue back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from imagectl.errors import CannotContinue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST_A_SECOND: Final = 500
_CANNOT: Final = (
    "AccessDenied",
    "AccessDeniedException",
    "InvalidAction",
    "NotImplemented",
    "UnknownAction",
    "UnknownOperationException",
)
_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far a move has come; `all` is what there was to move, as far as SQS knows."""

    status: str
    moved: int
    all: int


class MoveFailed(CannotContinue):
    """SQS ended the move before everything was moved."""


def start_move(
    sqs: "SQSClient", source_url: str, target_url: str | None = None, *, rate: float
) -> str | None:
    """Start moving everything, `rate` a second at most; None where the endpoint cannot or may not.

    Without a target, each message goes back to the queue that it came from. Returns the handle of
    the task.
    """
    request: Any = {
        "SourceArn": arn(sqs, source_url),
        "MaxNumberOfMessagesPerSecond": max(1, min(_MOST_A_SECOND, int(rate))),
    }
    if target_url:
        request["DestinationArn"] = arn(sqs, target_url)
    try:
        return sqs.start_message_move_task(**request)["TaskHandle"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code", "").endswith(_CANNOT):
            return None
        raise


def follow_move(
    sqs: "SQSClient", source_url: str, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Moved]:
    """How far the newest move of a queue has come, until it ends. Raises MoveFailed."""
    source = arn(sqs, source_url)
    while True:
        [task, *_] = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"]
        now = Moved(
            status=task["Status"],
            moved=task.get("ApproximateNumberOfMessagesMoved", 0),
            all=task.get("ApproximateNumberOfMessagesToMove", 0),
        )
        yield now
        if now.status == "FAILED":
            raise MoveFailed(f"SQS stopped after {now.moved} messages: {task.get('FailureReason')}")
        if now.status in {"COMPLETED", "CANCELLED"}:
            return
        sleep(_SECONDS)


def arn(sqs: "SQSClient", url: str) -> str:
    """The ARN of a queue."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return found["QueueArn"]
