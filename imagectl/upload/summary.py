"""The outcome of a run, for people and for programs."""

import json
from collections import Counter
from typing import Any, Final

from imagectl.journal import Journal
from imagectl.output import duration, messages, results, size
from imagectl.upload.counters import Counters
from imagectl.upload_model import UNSENT, FileOutcome, State, UploadRun

# What a file is called that never reached the service.
NOT_UPLOADED: Final = "NOT_UPLOADED"
PENDING: Final = "PENDING"
RESUME: Final = "Run the same command again to continue; nothing is uploaded twice."
_GOOD: Final = "green"
_BAD: Final = "red"


def status(outcome: FileOutcome) -> str:
    """The status of a file: the service's word, or that it was not uploaded."""
    if outcome.state is None or outcome.state in UNSENT:
        return NOT_UPLOADED
    return PENDING if outcome.state is State.UPLOADED else outcome.state


def print_summary(journal: Journal, run: UploadRun, counters: Counters, *, seconds: float) -> bool:
    """Print each failure and why, and the files by status; returns whether every file is READY."""
    counts: Counter[str] = Counter()
    for outcome in journal.outcomes(run):
        called = status(outcome)
        counts[called] += 1
        if called != State.READY:
            why = outcome.reason or (
                "The service is not done with it." if called == PENDING else "Not tried."
            )
            results.print(f"{called:<12} {outcome.path}: {why}", style=_BAD)
    told = ", ".join(f"{count} {called}" for called, count in sorted(counts.items())) or "no files"
    ready = _all_ready(counts)
    results.print(f"{told}; batch {run.batch_id}", style=_GOOD if ready else _BAD)
    details = [f"sent {counters.sent} files, {size(counters.sent_bytes)} in {duration(seconds)}"]
    details += [f"{counters.before} were uploaded before"] if counters.before else []
    details += [f"{counters.same} have the content of another file"] if counters.same else []
    messages.print("; ".join(details))
    if counts[NOT_UPLOADED] or counts[PENDING]:
        messages.print(RESUME)
    return ready


def print_json(journal: Journal, run: UploadRun, counters: Counters, *, seconds: float) -> bool:
    """Print every file and in the end the summary as JSON; returns whether every file is READY."""
    counts: Counter[str] = Counter()
    for outcome in journal.outcomes(run):
        called = status(outcome)
        counts[called] += 1
        document: dict[str, Any] = {
            "type": "file",
            "path": outcome.path,
            "bytes": outcome.size,
            "status": called,
        }
        known = {"imageId": outcome.image_id, "reason": outcome.reason, "sameAs": outcome.same_as}
        document |= {name: value for name, value in known.items() if value}
        results.out(json.dumps(document))
    ready = _all_ready(counts)
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


def _all_ready(counts: Counter[str]) -> bool:
    return set(counts) <= {State.READY}
