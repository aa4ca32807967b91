"""The outcome of a run, for people and for programs."""

import json
from collections import Counter
from typing import Any, Final

from handlers.contract.rejections import RawNotSupported
from imagectl.journal import Journal
from imagectl.output import duration, messages, results, size
from imagectl.upload import companions
from imagectl.upload.counters import Counters
from imagectl.upload_model import UNSENT, FileOutcome, State, UploadRun

# What a file is called that never reached the service, and one that was not meant for it.
NOT_UPLOADED: Final = "NOT_UPLOADED"
SKIPPED: Final = "SKIPPED"
PENDING: Final = "PENDING"
RESUME: Final = "Run the same command again to continue; nothing is uploaded twice."
_REASONS: Final = {
    NOT_UPLOADED: "Not tried.",
    PENDING: "The service is not done with it.",
    State.DELETED: "It was deleted from the service; --restore-deleted uploads it again.",
}
_GOOD: Final = "green"
_BAD: Final = "red"


def status(outcome: FileOutcome) -> str:
    """The status of a file: the service's word, or that it was not uploaded."""
    if outcome.state is None and outcome.reason == companions.REASON:
        return SKIPPED
    if outcome.state is None or outcome.state in UNSENT:
        return NOT_UPLOADED
    return PENDING if outcome.state is State.UPLOADED else outcome.state


def _is_resumable(outcome: FileOutcome) -> bool:
    """Whether another run may get further with a file: one that was skipped is skipped again."""
    return outcome.state in (*UNSENT, State.UPLOADED)


def print_summary(
    journal: Journal, run: UploadRun, counters: Counters, *, seconds: float, ignore_companions: bool = False
) -> bool:
    """Print each failure and why, and the files by status; returns whether every file is READY.

    With `ignore_companions`, those that need not be are companions of photographs and RAW files.
    """
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    ready = True
    resumable = False
    for outcome in journal.outcomes(run):
        called = status(outcome)
        counts[called] += 1
        ready = ready and _is_good(outcome, ignore_companions=ignore_companions)
        resumable = resumable or _is_resumable(outcome)
        if called == SKIPPED:
            skipped[companions.extension_of(outcome.path)] += 1
        elif called != State.READY:
            results.print(
                f"{called:<12} {outcome.path}: {outcome.reason or _REASONS.get(called, '')}", style=_BAD
            )
    told = ", ".join(f"{count} {called}" for called, count in sorted(counts.items())) or "no files"
    results.print(f"{told}; batch {run.batch_id}", style=_GOOD if ready else _BAD)
    details = [f"sent {counters.sent} files, {size(counters.sent_bytes)} in {duration(seconds)}"]
    details += [f"{counters.before} were uploaded before"] if counters.before else []
    details += [f"{counters.same} have the content of another file"] if counters.same else []
    messages.print("; ".join(details))
    if skipped:
        kinds = ", ".join(f"{count} {extension}" for extension, count in skipped.most_common())
        messages.print(f"skipped {skipped.total()} companions of photographs: {kinds}")
    if resumable:
        messages.print(RESUME)
    return ready


def print_json(
    journal: Journal, run: UploadRun, counters: Counters, *, seconds: float, ignore_companions: bool = False
) -> bool:
    """Print every file and in the end the summary as JSON; returns the same as `print_summary`."""
    counts: Counter[str] = Counter()
    ready = True
    for outcome in journal.outcomes(run):
        called = status(outcome)
        counts[called] += 1
        ready = ready and _is_good(outcome, ignore_companions=ignore_companions)
        document: dict[str, Any] = {
            "type": "file",
            "path": outcome.path,
            "bytes": outcome.size,
            "status": called,
        }
        known = {"imageId": outcome.image_id, "reason": outcome.reason, "sameAs": outcome.same_as}
        document |= {name: value for name, value in known.items() if value}
        results.out(json.dumps(document))
    document = {
        "type": "summary",
        "batchId": run.batch_id,
        "files": counts.total(),
        "counts": dict(counts),
        "allReady": ready,
        "sentFiles": counters.sent,
        "sentBytes": counters.sent_bytes,
        "uploadedBefore": counters.before,
        "sameContent": counters.same,
        "sendingSeconds": round(counters.sending_seconds, 3),
        "seconds": round(seconds, 3),
    }
    results.out(json.dumps(document))
    return ready


def _is_good(outcome: FileOutcome, *, ignore_companions: bool) -> bool:
    called = status(outcome)
    ignored = called == SKIPPED or outcome.reason == RawNotSupported.__name__
    return called == State.READY or (ignore_companions and ignored)
