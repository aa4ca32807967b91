"""What became of a run, for people and for programs."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from imagectl.contents import UNSENT, Outcome, Run, State
from imagectl.journal import Journal
from imagectl.showing import duration, messages, results, shown, size
from imagectl.uploading.tally import Tally

# What a file is called that never reached the service.
NOT_UPLOADED: Final = "NOT_UPLOADED"
RESUME: Final = "Run the same command again to continue; nothing is uploaded twice."
PENDING: Final = "PENDING"


@dataclass(frozen=True)
class Summary:
    """Files by status; `ready` when there is no other status than READY."""

    counts: Counter[str]

    @property
    def ready(self) -> bool:
        """Whether every file is READY."""
        return set(self.counts) <= {State.READY}


def status(outcome: Outcome) -> str:
    """The status of a file: the service's word, or that it was not uploaded."""
    if outcome.state is None or outcome.state in UNSENT:
        return NOT_UPLOADED
    return PENDING if outcome.state is State.UPLOADED else outcome.state


def print_summary(journal: Journal, run: Run, tally: Tally, *, seconds: float) -> Summary:
    """Print each failure and why, and how many files there are of each status."""
    counts: Counter[str] = Counter()
    for outcome in journal.outcomes(run):
        called = status(outcome)
        counts[called] += 1
        if called != State.READY:
            why = outcome.reason or (
                "The service is not done with it." if called == PENDING else "Not tried."
            )
            results.print(f"{called:<12} {shown(outcome.path)}: {shown(why)}")
    told = ", ".join(f"{count} {called}" for called, count in sorted(counts.items())) or "no files"
    results.print(f"{told}; batch {run.batch_id}")
    details = [f"sent {tally.sent} files, {size(tally.sent_bytes)} in {duration(seconds)}"]
    details += [f"{tally.before} were uploaded before"] if tally.before else []
    details += [f"{tally.same} have the content of another file"] if tally.same else []
    messages.print("; ".join(details))
    if counts[NOT_UPLOADED] or counts[PENDING]:
        messages.print(RESUME)
    return Summary(counts)


def print_json(journal: Journal, run: Run, tally: Tally, *, seconds: float) -> Summary:
    """One JSON object a line: every file, and in the end the summary."""
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
    summary = Summary(counts)
    document = {
        "type": "summary",
        "batchId": run.batch_id,
        "files": counts.total(),
        "counts": dict(counts),
        "allReady": summary.ready,
        "sentFiles": tally.sent,
        "sentBytes": tally.sent_bytes,
        "uploadedBefore": tally.before,
        "sameContent": tally.same,
        "sendingSeconds": round(tally.sending_seconds, 3),
        "seconds": round(seconds, 3),
    }
    results.out(json.dumps(document))
    return summary
