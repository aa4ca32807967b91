"""Dead letters: what they are about, why they died, and how they go back to a queue."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from handlers.contract import keys
from handlers.contract.rows import Row
from handlers.contract.s3_events import MalformedMessage, ObjectEvent, parse_message
from imagectl.operations.queues import depth
from imagectl.operations.rate_limit import RateLimit

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# How long a letter is kept from others while it is looked at and sent.
HELD_SECONDS: Final = 300
MALFORMED: Final = "MalformedMessage"
_BATCH: Final = 10
_LONG_POLL_SECONDS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One dead letter. `keys` are the originals it is about, `reason` the class of the last error
    (`MalformedMessage` if it is not an S3 event, `Unknown` if the table does not say), `error` its
    text, `status` what the row says now; `received` counts receives; `sent_at`
    (seconds since 1970) and `age_seconds` say when it was first sent. `body` is the message itself where
    it is not an S3 event, else empty.
    """

    id: str
    keys: tuple[str, ...]
    status: str
    reason: str
    error: str
    received: int
    sent_at: float
    age_seconds: float
    body: str

    def as_json(self) -> str:
        """The letter for programs."""
        return json.dumps({"type": "letter", **asdict(self)})


@dataclass(frozen=True, kw_only=True)
class Held:
    """A letter together with the message it came in."""

    letter: Letter
    message: "MessageTypeDef"

    @property
    def receipt(self) -> str:
        """What the message is released or deleted by."""
        return self.message["ReceiptHandle"]


class Filter:
    """What a letter must be like: `reason=…`, `key=…`, `status=…` or `error=…`, with `*` as in file
    names; all must hold. Raises ValueError.
    """

    _FIELDS: Final = ("reason", "key", "status", "error")

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = [self._parse(term) for term in terms]

    def __bool__(self) -> bool:
        return bool(self._terms)

    def __call__(self, letter: Letter) -> bool:
        """Whether the letter is meant."""
        values = {
            "reason": (letter.reason,),
            "key": letter.keys,
            "status": (letter.status,),
            "error": (letter.error,),
        }
        return all(any(fnmatchcase(value, glob) for value in values[name]) for name, glob in self._terms)

    def _parse(self, term: str) -> tuple[str, str]:
        name, equals, glob = term.partition("=")
        if not equals or name not in self._FIELDS:
            raise ValueError(f"'{term}' is not {'=…, '.join(self._FIELDS)}=…")
        return name, glob


class DeadLetters:
    """The dead-letter queue at `url`, or another queue without a consumer; `rows` finds the rows of
    ImageIDs.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        url: str,
        *,
        rows: Callable[[Sequence[str]], Mapping[str, Row]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sqs = sqs
        self.url = url
        self._rows = rows
        self._clock = clock

    @property
    def waiting(self) -> int:
        """About how many letters are visible."""
        return depth(self._sqs, self.url).waiting

    def hold(self, limit: int | None = None) -> Iterator[Held]:
        """Letters that are visible, each once, at most `limit`; they stay hidden from others for a while.

        It ends early at 120,000, which is as many as SQS lets be hidden.
        """
        seen: set[str] = set()
        while limit is None or len(seen) < limit:
            found = self._receive(_BATCH if limit is None else min(_BATCH, limit - len(seen)))
            if not found:
                return
            # What was held for too long comes again, and is hidden again.
            fresh = [message for message in found if message["MessageId"] not in seen]
            seen.update(message["MessageId"] for message in fresh)
            yield from self._read(fresh)

    def release(self, receipts: Sequence[str]) -> None:
        """Make letters visible to others at once."""
        for start in range(0, len(receipts), _BATCH):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(receipts[start : start + _BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def send_back(self, held: Held, queue_url: str, pace: RateLimit) -> None:
        """Send one letter to the queue, and only then delete it here: it may double, never vanish."""
        pace.wait()
        self._sqs.send_message(
            QueueUrl=queue_url,
            MessageBody=held.message["Body"],
            MessageAttributes=held.message.get("MessageAttributes", {}),
        )
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=held.receipt)

    def discard(self, held: Held) -> None:
        """Delete one letter for good."""
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=held.receipt)

    def _receive(self, count: int) -> "list[MessageTypeDef]":
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=count,
                VisibilityTimeout=HELD_SECONDS,
                WaitTimeSeconds=_LONG_POLL_SECONDS,
                AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "").endswith("OverLimit"):
                return []
            raise
        return answer.get("Messages", [])

    def _read(self, messages: "Sequence[MessageTypeDef]") -> Iterator[Held]:
        about = {message["MessageId"]: _events(message["Body"]) for message in messages}
        ids = {keys.image_id_of(event.key) for events in about.values() for event in events}
        rows = self._rows(sorted(each for each in ids if each))
        for message in messages:
            yield Held(letter=self._letter(message, about[message["MessageId"]], rows), message=message)

    def _letter(
        self, message: "MessageTypeDef", events: Sequence[ObjectEvent], rows: Mapping[str, Row]
    ) -> Letter:
        attributes = message.get("Attributes", {})
        sent_at = int(attributes.get("SentTimestamp", 0)) / 1000
        ids = [keys.image_id_of(event.key) or "" for event in events]
        standing = [rows[image_id] for image_id in ids if image_id in rows]
        failed = [row for row in standing if row["Status"] == "FAILED"]
        row: Row = (failed or standing or [Row()])[0]
        return Letter(
            id=message["MessageId"],
            keys=tuple(event.key for event in events),
            status=row.get("Status", "-"),
            reason=row.get("Reason", "Unknown") if events else MALFORMED,
            error=row.get("Error", ""),
            received=int(attributes.get("ApproximateReceiveCount", 0)),
            sent_at=sent_at,
            age_seconds=round(self._clock() - sent_at, 1),
            body="" if events else message["Body"],
        )


def _events(body: str) -> list[ObjectEvent]:
    try:
        return [event for event in parse_message(body) if isinstance(event, ObjectEvent)]
    except MalformedMessage:
        return []
