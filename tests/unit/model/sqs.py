"""The queues in memory: at least once, in any order, with receive counts and a dead-letter queue."""

import json
from dataclasses import dataclass, replace
from typing import Any

from handlers.contract.keys import Lane

# Low, so that the dead-letter queue is never far away.
MAX_RECEIVE_COUNT = 2
URLS: dict[Lane, str] = {"bulk": "https://sqs.test/1/uploads", "express": "https://sqs.test/1/express"}


@dataclass(kw_only=True, eq=False)
class Queued:
    """One message in the queue called `queue`; `in_flight` while a call is at work on it.

    `tried` says that a call was, even if a redrive made the receives count from 0 again.
    """

    id: str
    queue: str
    body: str
    receives: int = 0
    in_flight: bool = False
    tried: bool = False


class QueueModel:
    """The queue of each lane, and the dead-letter queue of both.

    Any message may be received next, so the lanes go on in any order, too.

    A message is invisible as long as a call is at work on it, because the visibility timeout is
    several times the function's, and visible again as soon as that call has failed or was killed.
    What SQS delivers twice at the same time is like a second message: each is deleted on its own.
    """

    def __init__(self) -> None:
        self.messages: list[Queued] = []
        self.dead_letters: list[Queued] = []
        self._sent = 0

    def send(self, record: dict[str, Any]) -> None:
        """Queue one record as a message."""
        self._sent += 1
        queue = record["s3"]["object"]["key"].partition("/")[0]
        body = json.dumps({"Records": [record]})
        self.messages.append(Queued(id=f"m{self._sent}", queue=queue, body=body))

    def duplicate(self, place: int) -> None:
        """Queue what S3 or SQS delivers a second time."""
        message = self.messages[place % len(self.messages)]
        self.send(json.loads(message.body)["Records"][0])

    @property
    def visible(self) -> list[Queued]:
        """The messages that can be received now."""
        return [message for message in self.messages if not message.in_flight]

    def receive(self, place: int) -> Queued | None:
        """Receive a message; None if it went to the dead-letter queue instead."""
        message = self.visible[place % len(self.visible)]
        if message.receives == MAX_RECEIVE_COUNT:
            self.messages.remove(message)
            self.dead_letters.append(message)
            return None
        message.receives += 1
        message.tried = True
        message.in_flight = True
        return message

    def end(self, message: Queued, *, acknowledged: bool) -> None:
        """A call about the message has ended, one way or the other."""
        message.in_flight = False
        if acknowledged:
            self.messages.remove(message)

    def redrive(self) -> None:
        """Send every dead letter again."""
        letters, self.dead_letters = self.dead_letters, []
        for letter in letters:
            self.messages.append(replace(letter, id=f"{letter.id} again", receives=0, in_flight=False))

    def send_message(self, *, QueueUrl: str, MessageBody: str, **request: Any) -> None:  # noqa: N803 - as in AWS
        """Here a message that is to wait is visible at once."""
        [record] = json.loads(MessageBody)["Records"]
        self.send(record)
        assert QueueUrl.endswith(f"/{self.messages[-1].queue}")

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, **request: Any) -> None:  # noqa: N803 - as in AWS
        """Here a message that failed is visible at once."""
        for message in self.messages:
            if ReceiptHandle == f"receipt of {message.id}":
                assert QueueUrl.endswith(f"/{message.queue}")
