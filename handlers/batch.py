"""What happens to the messages of one Lambda call: exactly three outcomes.

done      the record needs nothing more; acknowledged
rejected  the bytes can never become variants; acknowledged
retry     anything else; reported as a batch item failure and made visible again later

A message is acknowledged when every one of its records is done or rejected. A record that
fails never keeps its neighbours from being handled. Pure: all input and output is injected.
The partial batch response is described at
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from handlers.events import MalformedMessage, ObjectEvent, parse_message

# SQS bounds a visibility timeout at 12 hours; a quarter of an hour keeps a queue moving.
MAX_DELAY_SECONDS = 900


Outcome = Literal["done", "rejected", "retry", "deferred"]


class DeadlineReached(Exception):
    """The function's deadline is too near to begin a record."""

    def __init__(self, record_seconds: float) -> None:
        super().__init__(f"less than {record_seconds:g} s were left for a record")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How a record ended for good: `done` or `rejected`.

    `note` says why in one machine-readable word: the reason of a rejection, or what made a done
    record need nothing (`Duplicate`, `Stale`, …). `size` is the original's size in bytes.
    """

    outcome: Literal["done", "rejected"]
    note: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Message:
    """One SQS message: `attempt` counts its receives from 1, `last` says that the next failure
    sends it to the dead-letter queue.
    """

    id: str
    receipt_handle: str
    body: str
    attempt: int
    last: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is reported of one record, or of a message that holds no readable record.

    `outcome` is `done`, `rejected`, `retry` or `deferred`; `milliseconds` is how long it took.
    """

    outcome: Outcome
    note: str
    attempt: int
    event: ObjectEvent | None = None
    milliseconds: int = 0
    size: int = 0
    error: BaseException | None = None


class Steps(Protocol):
    """What the batch needs done in the world."""

    def settle(self, event: ObjectEvent, attempt: int) -> Settled:
        """Bring one record to its end; any exception means retry."""

    def give_up(self, event: ObjectEvent, attempt: int, error: BaseException) -> None:
        """Record that a message with this event goes to the dead-letter queue."""

    def postpone(self, message: Message, seconds: int) -> None:
        """Make a message visible again after so many seconds."""

    def report(self, line: Line) -> None:
        """Log and count how a record or a message ended."""


def read_messages(event: Mapping[str, Any], max_receive_count: int) -> list[Message]:
    """The messages of a Lambda event from an SQS queue."""
    return [
        Message(
            id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            attempt=(attempt := int(record["attributes"]["ApproximateReceiveCount"])),
            last=attempt >= max_receive_count,
        )
        for record in event["Records"]
    ]


def retry_delay(attempt: int, base_seconds: float, jitter: Callable[[], float] = random.random) -> int:
    """Seconds until the next receive: exponential in the attempt, with full jitter.

    See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    doublings = min(attempt - 1, 20)
    ceiling = min(MAX_DELAY_SECONDS, base_seconds * (1 << doublings))
    return round(jitter() * ceiling)


def handle_batch(
    messages: Iterable[Message],
    steps: Steps,
    *,
    remaining_seconds: Callable[[], float],
    record_seconds: float,
    retry_base_seconds: float,
) -> dict[str, list[dict[str, str]]]:
    """Handle a message batch and return Lambda's partial batch response.

    `remaining_seconds` is the time until the function's deadline. With less than
    `record_seconds` left, records are not begun: their messages go back untouched and visible at
    once. Messages that have been received most often go first, so that a deadline does not push
    one that was never tried into the dead-letter queue.
    """
    failures = []
    nearest_to_dead_letter_first = sorted(messages, key=lambda message: -message.attempt)
    for message in nearest_to_dead_letter_first:
        outcomes = _handle_message(message, steps, remaining_seconds, record_seconds)
        if outcomes <= {"done", "rejected"}:
            continue
        failures.append({"itemIdentifier": message.id})
        untouched = "retry" not in outcomes
        _postpone(message, 0 if untouched else retry_delay(message.attempt, retry_base_seconds), steps)
    return {"batchItemFailures": failures}


def _handle_message(
    message: Message, steps: Steps, remaining_seconds: Callable[[], float], record_seconds: float
) -> set[Outcome]:
    """The outcomes of the message's records; empty when it holds none that matter."""
    try:
        events = parse_message(message.body)
    except MalformedMessage as error:
        steps.report(_unreadable(error, message))
        return {"retry"}
    outcomes: set[Outcome] = set()
    for event in events:
        if isinstance(event, MalformedMessage):
            steps.report(_unreadable(event, message))
            outcomes.add("retry")
            continue
        if remaining_seconds() < record_seconds:
            line = _failed("deferred", event, message, DeadlineReached(record_seconds))
        else:
            line = _handle_record(event, message, steps)
        steps.report(line)
        if line.error and message.last:
            _give_up(event, message, line.error, steps)
        outcomes.add(line.outcome)
    return outcomes


def _unreadable(error: MalformedMessage, message: Message) -> Line:
    return Line(outcome="retry", note=type(error).__name__, attempt=message.attempt, error=error)


def _handle_record(event: ObjectEvent, message: Message, steps: Steps) -> Line:
    started = time.monotonic()
    try:
        end = steps.settle(event, message.attempt)
    except Exception as error:  # noqa: BLE001 - transient is the default; there is no list of transient errors
        return _failed("retry", event, message, error, started)
    return Line(
        outcome=end.outcome,
        note=end.note,
        attempt=message.attempt,
        event=event,
        milliseconds=_since(started),
        size=end.size,
    )


def _failed(
    outcome: Outcome, event: ObjectEvent, message: Message, error: Exception, started: float | None = None
) -> Line:
    return Line(
        outcome=outcome,
        note=type(error).__name__,
        attempt=message.attempt,
        event=event,
        milliseconds=0 if started is None else _since(started),
        size=event.size,
        error=error,
    )


def _give_up(event: ObjectEvent, message: Message, error: BaseException, steps: Steps) -> None:
    try:
        steps.give_up(event, message.attempt, error)
    except Exception as second:  # noqa: BLE001 - the message reaches the dead-letter queue either way
        steps.report(
            Line(
                outcome="retry",
                note=f"GiveUp{type(second).__name__}",
                attempt=message.attempt,
                event=event,
                error=second,
            )
        )


def _postpone(message: Message, seconds: int, steps: Steps) -> None:
    try:
        steps.postpone(message, seconds)
    except Exception as error:  # noqa: BLE001 - without it the message waits for its visibility timeout
        note = f"Postpone{type(error).__name__}"
        steps.report(Line(outcome="retry", note=note, attempt=message.attempt, error=error))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
