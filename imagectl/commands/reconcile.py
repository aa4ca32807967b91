"""`imagectl reconcile`."""

import json
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue
from imagectl.operations.concurrency import in_order
from imagectl.operations.confirmation import agreed
from imagectl.operations.inconsistencies import (
    MEANINGS,
    NOT_JUDGED,
    Comparison,
    Finding,
    Suspicion,
    Unjudged,
)
from imagectl.operations.queues import QueueSender, depth
from imagectl.operations.repair import Repairer
from imagectl.operations.snapshot import Snapshot, snapshot
from imagectl.operations.stack import DeployedStack
from imagectl.operations.table_scan import scan
from imagectl.output import messages, results

# Each look and fix is a few round trips to AWS, so one after the other they would take days for a million.
_AT_ONCE: Final = 16


def reconcile(
    *,
    target: DeployedStack,
    repair: Annotated[bool, typer.Option("--repair", help="Fix the findings.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    grace_minutes: Annotated[
        int,
        typer.Option(
            min=0, metavar="MINUTES", help="Ignore objects younger than this, which may be in progress."
        ),
    ] = 60,
    stuck_minutes: Annotated[
        int,
        typer.Option(
            min=0, metavar="MINUTES", help="Time after which an unprocessed upload counts as stuck."
        ),
    ] = 30,
    rate: Annotated[float, typer.Option(min=0.1, help="Maximum number of fixes per second.")] = 50,
    max_deletions: Annotated[
        int, typer.Option(min=0, help="Maximum number of images and orphans to delete in one run.")
    ] = 1000,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line: each finding, then the summary.")
    ] = False,
) -> None:
    """Compare originals, rows and variants; --repair fixes the differences.

    The exit code is 0 only if nothing was wrong, or all of it is fixed or about to be.
    """
    look_first = "or leave out --repair to look first"
    if repair and not agreed("Fix what is found?", yes=yes, look_first=look_first):
        raise CannotContinue("Nothing was compared.")
    sender = QueueSender(target.sqs, target.queue_url, rate=rate)
    repairer = Repairer(target, sender, max_deletions=max_deletions) if repair else None
    waiting = depth(target.sqs, target.queue_url).total
    if waiting:
        messages.print(f"{waiting} messages are in the queue: what is PENDING may be among them")
    found: Counter[str] = Counter()
    fixed = 0
    with snapshot() as rows:
        _scan(target, rows)
        comparison = Comparison(
            target,
            rows,
            grace=timedelta(minutes=grace_minutes),
            stuck_after=timedelta(minutes=stuck_minutes),
            expire_days=target.settings.originals_expire_days,
        )
        unjudged = comparison.unjudged

        def look_into(suspicion: Suspicion) -> tuple[Finding | Unjudged | None, str | None]:
            result = suspicion()
            return result, repairer.repair(result) if repairer and isinstance(result, Finding) else None

        for result, done in in_order(look_into, comparison.suspicions(), at_once=_AT_ONCE):
            if isinstance(result, Finding):
                found[result.kind] += 1
                fixed += done is not None
                _print(result, done, as_json=as_json)
            elif result:
                unjudged[result] += 1
        looked_at = {
            "rows": rows.rows_held,
            "originals": comparison.originals,
            "variants": comparison.variants,
        }
    _summarise(looked_at, found, fixed, unjudged, as_json=as_json)
    if fixed < found.total():
        raise typer.Exit(EXIT_NOT_ALL_READY)


def _scan(target: DeployedStack, rows: Snapshot) -> None:
    for page in scan(target.dynamodb, target.table):
        rows.add(page.rows)
        if page.after:
            messages.print(f"{rows.rows_held} rows")


def _print(finding: Finding, done: str | None, *, as_json: bool) -> None:
    about = {"imageId": finding.image_id, "key": finding.key, "detail": finding.detail or None, "done": done}
    if as_json:
        present: dict[str, Any] = {name: value for name, value in about.items() if value}
        results.out(json.dumps({"type": "finding", "kind": finding.kind, **present}))
        return
    end = f": {done}" if done else f": {finding.detail}" if finding.detail else ""
    results.print(f"{finding.kind:<17} {finding.key or finding.image_id}{end}")


def _summarise(
    looked_at: dict[str, int],
    found: Counter[str],
    fixed: int,
    unjudged: Counter[Unjudged],
    *,
    as_json: bool,
) -> None:
    if as_json:
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for (what, why), count in sorted(unjudged.items()):
            counts[what][why] = count
        summary = {"type": "summary", **looked_at, "found": dict(found), "fixed": fixed, "notJudged": counts}
        results.out(json.dumps(summary | {"clean": not found and not unjudged}))
        return
    for kind, count in found.most_common():
        messages.print(f"{count} {kind}: {MEANINGS[kind]}")
    for (what, why), count in unjudged.most_common():
        messages.print(f"{count} {what} not judged: {NOT_JUDGED[why]}")
    compared = ", ".join(f"{count} {name}" for name, count in looked_at.items())
    parts = [f"{found.total()} findings, {fixed} fixed"] if found else []
    parts += [f"{unjudged.total()} not judged"] if unjudged else []
    messages.print(f"{compared}: {', '.join(parts) or 'all agree'}")
