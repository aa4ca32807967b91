"""`imagectl redrive`."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from handlers.storage.catalog import Catalog
from imagectl.errors import CannotContinue
from imagectl.operations.confirmation import agreed
from imagectl.operations.dead_letters import MALFORMED, DeadLetters, Filter, Letter
from imagectl.operations.message_move import follow_move, start_move
from imagectl.operations.queues import depth
from imagectl.operations.rate_limit import RateLimit
from imagectl.operations.stack import DeployedStack
from imagectl.output import duration, messages, results

_SHOWN: Final = 100
# Of a body that is not an S3 event; --json has all of it.
_SHOWN_CHARACTERS: Final = 300


def redrive(
    *,
    target: DeployedStack,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=GLOB",
            help="Only matching letters: reason=, key=, status= or error=; repeat it to combine conditions.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the letters, and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    discard: Annotated[
        bool,
        typer.Option(
            "--discard", help="Delete the letters that are not S3 events for good, and send nothing."
        ),
    ] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Maximum number of messages per second.")] = 50,
    show: Annotated[int, typer.Option(min=1, help="Maximum number of letters to list.")] = _SHOWN,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line: each letter, then the summary.")
    ] = False,
) -> None:
    """List dead letters with their reasons, then send them back to their queues.

    A letter is sent before it is deleted: whatever happens, it may arrive twice but is never lost,
    and a second arrival costs nothing. Letters that do not match stay where they are. Letters that
    are picked by a filter go to the bulk queue. While the express lane is off, messages that are left
    in its queue are listed and sent as well.

    Of a letter that is not an S3 event, the body is shown. It can never be handled: `--discard` deletes
    such letters, and no others.
    """
    wanted = _filter([*(only or ()), *([f"reason={MALFORMED}"] if discard else [])])
    rows = Catalog(target.dynamodb, target.table).get_many
    sources = {"dead letters": DeadLetters(target.sqs, target.dead_letter_url, rows=rows)}
    if not discard and not target.express_lane and depth(target.sqs, target.express_queue_url).total:
        # The queue has no consumer, so nothing else takes these messages out of it.
        left = DeadLetters(target.sqs, target.express_queue_url, rows=rows)
        sources["messages in the express queue"] = left
    found = sum(_show(letters, wanted, show, name=name, as_json=as_json) for name, letters in sources.items())
    if discard:
        discarded = _discard(sources["dead letters"], wanted, yes=yes) if found and not dry_run else 0
        if as_json:
            results.out(
                json.dumps({"type": "summary", "found": found, "discarded": discarded, "dryRun": dry_run})
            )
        return
    sent = 0
    if found and not dry_run:
        if not agreed(f"Send {'those that match' if wanted else 'all'} back to be handled?", yes=yes):
            raise CannotContinue("Nothing was sent.")
        for letters in sources.values():
            moved = _move_all(target, letters.url, rate) if not wanted else None
            sent += _send_back(letters, target, wanted, rate) if moved is None else moved
        messages.print(f"sent {sent} back to be handled")
    if as_json:
        results.out(json.dumps({"type": "summary", "found": found, "sent": sent, "dryRun": dry_run}))


def _discard(letters: DeadLetters, wanted: Filter, *, yes: bool) -> int:
    """Delete what matches, which is not S3 events; returns how many."""
    if not agreed("Delete these letters for good?", yes=yes):
        raise CannotContinue("Nothing was deleted.")
    discarded = 0
    kept: list[str] = []
    try:
        for held in letters.hold():
            if wanted(held.letter):
                letters.discard(held)
                discarded += 1
            else:
                kept.append(held.receipt)
    finally:
        letters.release(kept)
    messages.print(f"deleted {discarded}")
    return discarded


def _filter(terms: Sequence[str]) -> Filter:
    try:
        return Filter(terms)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--filter") from error


def _show(letters: DeadLetters, wanted: Filter, limit: int, *, name: str, as_json: bool) -> int:
    """Print what there is, and return how many of it match; letters are visible again afterwards."""
    waiting = letters.waiting
    looked_at: list[str] = []
    matching: list[Letter] = []
    try:
        for held in letters.hold(None if wanted else limit):
            looked_at.append(held.receipt)
            if wanted(held.letter):
                matching.append(held.letter)
            if len(matching) == limit:
                break
    finally:
        letters.release(looked_at)
    for letter in matching:
        results.out(letter.as_json()) if as_json else results.print(_line(letter))
    reasons = Counter(letter.reason for letter in matching)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    more = f"; more than the {limit} shown" if len(matching) == limit < waiting else ""
    messages.print(f"{len(matching)} {name}: {counts}{more}" if matching else f"no {name}")
    return len(matching)


def _line(letter: Letter) -> str:
    about = ", ".join(letter.keys) or f"message {letter.id}"
    since = duration(letter.age_seconds)
    said = letter.error or letter.body[:_SHOWN_CHARACTERS]
    error = f": {said}" if said else ""
    died = f"{letter.reason:<20} {letter.received:>2} receives  {since:>9} old  {letter.status:<8}"
    return f"{died} {about}{error}"


def _move_all(target: DeployedStack, source_url: str, rate: float) -> int | None:
    """Let SQS move them; None where it cannot."""
    if source_url != target.dead_letter_url:
        return None  # SQS moves messages out of dead-letter queues only
    # While nothing reads the express queue, its letters must not go back there.
    bulk = None if target.express_lane else target.queue_url
    handle = start_move(target.sqs, source_url, bulk, rate=rate)
    if handle is None:
        return None
    moved = 0
    try:
        for now in follow_move(target.sqs, source_url):
            moved = now.moved
            messages.print(f"{now.status.lower()}: {now.moved} of {now.all}")
    except KeyboardInterrupt:
        target.sqs.cancel_message_move_task(TaskHandle=handle)
        messages.print(f"stopped after {moved}; what is left stays in the dead-letter queue")
        raise
    return moved


def _send_back(letters: DeadLetters, target: DeployedStack, wanted: Filter, rate: float) -> int:
    pace, sent, began = RateLimit(rate), 0, time.time()
    kept: list[str] = []
    try:
        for held in letters.hold():
            # What has failed again meanwhile would go round for ever.
            back_again = held.letter.sent_at > began
            if wanted(held.letter) and not back_again:
                letters.send_back(held, target.queue_url, pace)
                sent += 1
            else:
                kept.append(held.receipt)
    finally:
        letters.release(kept)
    return sent
