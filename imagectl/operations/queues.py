"""Sending to a queue, and asking how much is in one."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from handlers.contract.backoff import retry_delay
from imagectl.errors import CannotContinue
from imagectl.operations.rate_limit import RateLimit

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
BATCH: Final = 10
_TRIES: Final = 6
_BASE_SECONDS: Final = 0.2
_MAX_SECONDS: Final = 7.0
_DEEP_SECONDS: Final = 1.0


class NotSent(CannotContinue):
    """The queue did not take a message within the tries allowed."""


@dataclass(frozen=True, kw_only=True)
class Depth:
    """Approximate numbers of messages that wait, are being worked on, and are put off."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.in_flight + self.delayed


def depth(sqs: "SQSClient", url: str) -> Depth:
    """How much is in a queue."""
    found = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )["Attributes"]
    return Depth(
        waiting=int(found["ApproximateNumberOfMessages"]),
        in_flight=int(found["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(found["ApproximateNumberOfMessagesDelayed"]),
    )


class QueueSender:
    """Sends messages to one queue, at most `rate` a second.

    With `max_depth`, it waits while more than so many messages are in the queue, so that what
    comes in meanwhile does not have to wait behind what is sent here.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        url: str,
        *,
        rate: float,
        max_depth: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sqs = sqs
        self._url = url
        self._pace = RateLimit(rate, sleep=sleep)
        self._max_depth = max_depth
        self._sleep = sleep

    def send(self, bodies: Iterable[str]) -> int:
        """Send all and return how many they were. Raises NotSent, after which any of them may be sent."""
        left, sent = iter(bodies), 0
        while batch := list(islice(left, BATCH)):
            self._let_the_queue_drain()
            self._pace.wait(len(batch))
            self._send({str(number): body for number, body in enumerate(batch)})
            sent += len(batch)
        return sent

    def _send(self, unsent: dict[str, str]) -> None:
        answer: Any = {}
        for attempt in range(_TRIES):
            entries: Any = [{"Id": each, "MessageBody": body} for each, body in unsent.items()]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            unsent = {failed["Id"]: unsent[failed["Id"]] for failed in answer.get("Failed", [])}
            if not unsent:
                return
            self._sleep(retry_delay(attempt + 1, _BASE_SECONDS, _MAX_SECONDS))
        raise NotSent(f"The queue does not take messages: {answer['Failed'][0].get('Message')}")

    def _let_the_queue_drain(self) -> None:
        while self._max_depth and depth(self._sqs, self._url).total > self._max_depth:
            self._sleep(_DEEP_SECONDS)
