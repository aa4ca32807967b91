"""The message batch of one Lambda call: exactly three outcomes for each record.

done      the record needs nothing more; acknowledged
rejected  the bytes can never become variants; acknowledged
retry     anything else; reported as a batch item failure and made visible again later

A record that has to wait for a scan has no outcome yet: it is sent again in its own message, and has its
outcome there. A message is acknowledged when every one of its records is done, rejected or resent. A
record that fails never keeps its neighbours from being handled. Pure: all input and output is injected.
The partial batch response is described at
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any

from handlers.contract.backoff import retry_delay
from handlers.contract.s3_events import MalformedMessage, ObjectEvent, parse_message
from handlers.resize.deadline import Deadline
from handlers.resize.outcomes import ACKNOWLEDGED, DeadlineReached, Line, Message, Outcome, Settled

# SQS bounds a visibility timeout at 12 hours; a quarter of an hour keeps a queue moving.
MAX_DELAY_SECONDS = 900
# Time reserved at the end of a call: to send messages back and to mark rows, at most a quarter of
# the whole, and of that the rest to answer.
_CLOSING_SECONDS = 4.0
_ANSWERING_SECONDS = 1.0


_Chain = list[tuple[Message, ObjectEvent]]


def read_messages(event: Mapping[str, Any], max_receive_count: int) -> list[Message]:
    """The messages of a Lambda event from an SQS queue."""
    return [
        Message(
            id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            queue=record["eventSourceARN"].rpartition(":")[2],
            body=record["body"],
            attempt=(attempt := int(record["attributes"]["ApproximateReceiveCount"])),
            last=attempt >= max_receive_count,
        )
        for record in event["Records"]
    ]


def handle_batch(
    messages: Iterable[Message],
    *,
    settle: Callable[[ObjectEvent, int], Settled],
    give_up: Callable[[ObjectEvent, int, BaseException], None],
    postpone: Callable[[Message, int], None],
    report: Callable[[Line], None],
    remaining_seconds: Callable[[], float],
    record_seconds: float,
    retry_base_seconds: float,
    workers: int = 1,
) -> dict[str, list[dict[str, str]]]:
    """Handle a message batch and return Lambda's partial batch response, before the deadline.

    `settle` brings one record (and its attempt) to an end; whatever it raises means retry. `give_up`
    marks an image whose message goes to the dead-letter queue, `postpone` makes a message visible again
    after so many seconds, `report` gets one line for each record, or for a message without one.

    Several `workers` settle records at the same time, but those of one object one after the other.
    `remaining_seconds` is the time until the function's deadline. When the records in progress could need
    all of it (`record_seconds` each), no others are started: their messages go back untouched and visible
    at once. A record that is still in progress shortly before the deadline, for example because AWS does
    not answer, is a failure; it may still finish, and the next receive finds that. Messages that have been
    received most often go first, so that a deadline does not push one that was never tried into the
    dead-letter queue.
    """
    nearest_to_dead_letter_first = sorted(messages, key=lambda message: -message.attempt)
    lines, chains = _read(nearest_to_dead_letter_first)
    closing = min(_CLOSING_SECONDS, remaining_seconds() / 4)
    deadline = Deadline(lambda: remaining_seconds() - closing, record_seconds)
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    given_up: list[tuple[Message, Line]] = []

    def handle_chain(chain: _Chain) -> list[tuple[Message, Line]]:
        return [(message, _handle(message, event, settle, deadline)) for message, event in chain]

    pool = ThreadPoolExecutor(workers, "record")
    handled = _handled(pool, handle_chain, chains, remaining_seconds() - closing)
    for message, line in itertools.chain(lines, handled):
        report(line)
        if line.event and line.error and message.last:
            given_up.append((message, line))
        outcomes[message.id].add(line.outcome)
    pool.shutdown(wait=False, cancel_futures=True)

    failed = [m for m in nearest_to_dead_letter_first if not outcomes[m.id] <= ACKNOWLEDGED]

    def close() -> None:
        for message, line in given_up:
            assert line.event
            assert line.error
            _try(
                message,
                "GiveUp",
                report,
                partial(give_up, line.event, message.attempt, line.error),
                line.event,
            )
        for message in failed:
            seconds = 0.0
            if "retry" in outcomes[message.id]:
                seconds = retry_delay(message.attempt, retry_base_seconds, MAX_DELAY_SECONDS)
            _try(message, "Postpone", report, partial(postpone, message, round(seconds)))

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


def _handle(
    message: Message, event: ObjectEvent, settle: Callable[[ObjectEvent, int], Settled], deadline: Deadline
) -> Line:
    with deadline.turn() as begins:
        if begins:
            return _handle_record(event, message, settle)
    return _failed("deferred", event, message, DeadlineReached())


def _unreadable(error: MalformedMessage, message: Message) -> Line:
    return Line(outcome="retry", note=type(error).__name__, attempt=message.attempt, error=error)


def _handle_record(
    event: ObjectEvent, message: Message, settle: Callable[[ObjectEvent, int], Settled]
) -> Line:
    started = time.monotonic()
    try:
        end = settle(event, message.attempt)
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


def _try(
    message: Message,
    step: str,
    report: Callable[[Line], None],
    call: Callable[[], None],
    event: ObjectEvent | None = None,
) -> None:
    """Take a last step for a message, and report it if it fails."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - SQS retries the message either way
        note = f"{step}{type(error).__name__}"
        report(Line(outcome="retry", note=note, attempt=message.attempt, event=event, error=error))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
