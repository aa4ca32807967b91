"""What happens to the messages of one Lambda call: exactly three outcomes.

done      the record needs nothing more; acknowledged
rejected  the bytes can never become variants; acknowledged
retry     anything else; reported as a batch item failure and made visible again later

A record that has to wait for a scan has no outcome yet: it is resent in a message of its own, in
which it will have one. A message is acknowledged when every one of its records is done, rejected or
resent. A record that
fails never keeps its neighbours from being handled. Pure: all input and output is injected.
The partial batch response is described at
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Protocol

from handlers.contract.backoff import retry_delay
from handlers.contract.s3_events import MalformedMessage, ObjectEvent, parse_message
from handlers.resize.deadline import Pace
from handlers.resize.outcomes import ACKNOWLEDGED, DeadlineReached, Line, Message, Outcome, Settled

# What is kept back of the time of a call: to send messages back and to mark rows, at most a quarter of
# what there is, and of that the rest to answer.
_CLOSING_SECONDS = 4.0
_ANSWERING_SECONDS = 1.0


class Steps(Protocol):
    """What the batch needs done in the world. `settle` is called from several threads at once."""

    def settle(self, event: ObjectEvent, attempt: int) -> Settled:
        """Bring one record to its end; any exception means retry."""

    def give_up(self, event: ObjectEvent, attempt: int, error: BaseException) -> None:
        """Record that a message with this event goes to the dead-letter queue."""

    def postpone(self, message: Message, seconds: int) -> None:
        """Make a message visible again after so many seconds."""

    def report(self, line: Line) -> None:
        """Log and count how a record or a message ended."""


_Chain = list[tuple[Message, ObjectEvent]]


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


def handle_batch(
    messages: Iterable[Message],
    steps: Steps,
    *,
    remaining_seconds: Callable[[], float],
    record_seconds: float,
    retry_base_seconds: float,
    workers: int = 1,
) -> dict[str, list[dict[str, str]]]:
    """Handle a message batch and return Lambda's partial batch response, before the deadline.

    So many `workers` handle records at the same time, but those of one object one after the
    other. `remaining_seconds` is the time until the function's deadline. When the records at work
    could need all of it (`record_seconds` each), no more are begun: their messages go back
    untouched and visible at once. A record that is still at work shortly before the deadline, because
    AWS does not answer say, is a failure; it may be finished yet, and the next receive finds that.
    Messages that have been received most often go first, so that a
    deadline does not push one that was never tried into the dead-letter queue.
    """
    nearest_to_dead_letter_first = sorted(messages, key=lambda message: -message.attempt)
    lines, chains = _read(nearest_to_dead_letter_first)
    closing = min(_CLOSING_SECONDS, remaining_seconds() / 4)
    pace = Pace(lambda: remaining_seconds() - closing, record_seconds)
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    given_up: list[tuple[Message, Line]] = []

    def handle_chain(chain: _Chain) -> list[tuple[Message, Line]]:
        return [(message, _handle(message, event, steps, pace)) for message, event in chain]

    pool = ThreadPoolExecutor(workers, "record")
    handled = _handled(pool, handle_chain, chains, remaining_seconds() - closing)
    for message, line in itertools.chain(lines, handled):
        steps.report(line)
        if line.event and line.error and message.last:
            given_up.append((message, line))
        outcomes[message.id].add(line.outcome)
    pool.shutdown(wait=False, cancel_futures=True)

    failed = [m for m in nearest_to_dead_letter_first if not outcomes[m.id] <= ACKNOWLEDGED]

    def close() -> None:
        for message, line in given_up:
            _give_up(message, line, steps)
        for message in failed:
            untouched = "retry" not in outcomes[message.id]
            _postpone(message, 0 if untouched else retry_delay(message.attempt, retry_base_seconds), steps)

    closer = ThreadPoolExecutor(1, "close")
    with contextlib.suppress(TimeoutError):  # what was not sent back waits for its visibility timeout
        closer.submit(close).result(max(0.0, remaining_seconds() - min(_ANSWERING_SECONDS, closing / 4)))
    closer.shutdown(wait=False)
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message in failed]}


def _handled(
    pool: ThreadPoolExecutor,
    handle_chain: Callable[[_Chain], list[tuple[Message, Line]]],
    chains: Sequence[_Chain],
    seconds: float,
) -> Iterator[tuple[Message, Line]]:
    """How the records ended, each chain as it is done; after so many seconds, that they did not."""
    working = {pool.submit(handle_chain, chain): chain for chain in chains}
    try:
        for done in as_completed(list(working), timeout=max(0.0, seconds)):
            del working[done]
            yield from done.result()
    except TimeoutError:
        for chain in working.values():
            for message, event in chain:
                yield message, _failed("retry", event, message, DeadlineReached())


def _read(messages: Iterable[Message]) -> tuple[list[tuple[Message, Line]], list[_Chain]]:
    """What cannot be read, and the records that can be, by the object they are about."""
    unreadable: list[tuple[Message, Line]] = []
    chains: dict[tuple[str, str], _Chain] = defaultdict(list)
    for message in messages:
        try:
            events = parse_message(message.body)
        except MalformedMessage as error:
            events = (error,)
        for event in events:
            if isinstance(event, MalformedMessage):
                unreadable.append((message, _unreadable(event, message)))
            else:
                chains[event.bucket, event.key].append((message, event))
    return unreadable, list(chains.values())


def _handle(message: Message, event: ObjectEvent, steps: Steps, pace: Pace) -> Line:
    with pace.turn() as begins:
        if begins:
            return _handle_record(event, message, steps)
    return _failed("deferred", event, message, DeadlineReached())


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
        detail=end.detail,
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


def _give_up(message: Message, line: Line, steps: Steps) -> None:
    event, error = line.event, line.error
    assert event
    assert error
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
