"""`imagectl backfill`."""

import json
import time
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from handlers.contract.rejections import ImageRejected
from imagectl.errors import CannotContinue
from imagectl.operations.backfill import Backfill
from imagectl.operations.checkpoint import Checkpoint, Cursor, Job
from imagectl.operations.confirmation import agreed
from imagectl.operations.queues import QueueSender
from imagectl.operations.stack import DeployedStack
from imagectl.output import messages, results


def backfill(
    *,
    target: DeployedStack,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also re-render images that were rendered with the current presets."),
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            metavar="REASON",
            help="Only images rejected for this reason: RenderFailed, once its bug is fixed.",
        ),
    ] = "",
    prefix: Annotated[str, typer.Option(metavar="TEXT", help="Only images whose id has this prefix.")] = "",
    presets: Annotated[
        list[str] | None,
        typer.Option(
            "--presets",
            metavar="LINE",
            help="A preset line as in the stack's configuration; by default those of the function.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the images, and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Maximum number of images per second.")] = 50,
    max_depth: Annotated[
        int,
        typer.Option(
            min=0, help="Wait while the queue is deeper than this, so that new uploads get through; 0 never."
        ),
    ] = 1000,
    cursor_path: Annotated[
        Path | None,
        typer.Option(
            "--cursor", metavar="FILE", help="File that records the progress, to continue from there."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: with --dry-run each image, then the summary.")
    ] = False,
) -> None:
    """Re-render images whose presets have changed, through the same queue as uploads.

    The whole table is read, page by page. Run the same command again to continue after an
    interruption; an image that is sent twice is rendered once.
    """
    job = Job(
        table=target.table,
        preset_hash=target.preset_hash(tuple(presets or ())),
        everything=everything,
        prefix=prefix,
        reason=_known(reason),
    )
    if presets and job.preset_hash != target.preset_hash():
        messages.print("these are not the presets that the function renders with now")
    filling = Backfill(target, job, expire_days=target.settings.originals_expire_days)
    if dry_run:
        place = _look(filling, as_json=as_json)
    else:
        place = _run(filling, target, _cursor(cursor_path, job), rate=rate, max_depth=max_depth, yes=yes)
    counts = {name: count for name, count in sorted(filling.counts.items()) if name != "other"}
    if as_json:
        summary = {"type": "summary", "presetHash": job.preset_hash, "sent": place.sent, "dryRun": dry_run}
        results.out(json.dumps(summary | {"lookedAt": place.looked_at, "counts": counts}))
    else:
        said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no images"
        results.print(f"sent {place.sent} of {place.looked_at} rows ({said})")


def _known(reason: str) -> str:
    reasons = sorted(kind.__name__ for kind in ImageRejected.__subclasses__())
    if reason and reason not in reasons:
        raise CannotContinue(f"{reason} is not a reason for a rejection.", f"There are {', '.join(reasons)}.")
    return reason


def _cursor(path: Path | None, job: Job) -> Cursor:
    return Cursor(path or platformdirs.user_state_path("imagectl") / f"backfill-{job.table}.json", job)


def _look(filling: Backfill, *, as_json: bool) -> Checkpoint:
    for row in filling.look():
        if as_json:
            document = {"type": "image", "imageId": row["ImageID"], "status": row["Status"]}
            results.out(json.dumps(document | {"presetHash": row.get("PresetHash")}))
        else:
            results.print(f"{row['Status']:<8}  {row['ImageID']}")
    return Checkpoint(looked_at=filling.counts.total())


def _run(
    filling: Backfill, target: DeployedStack, cursor: Cursor, *, rate: float, max_depth: int, yes: bool
) -> Checkpoint:
    began = cursor.load()
    if began.after:
        messages.print(f"continuing after {began.looked_at} rows, {began.sent} of them sent")
    if not agreed("Have the images rendered again?", yes=yes):
        raise CannotContinue("Nothing was sent.")
    rows = target.dynamodb.describe_table(TableName=target.table)["Table"].get("ItemCount", 0)
    started = time.monotonic()

    def progress(place: Checkpoint) -> None:
        seconds = time.monotonic() - started
        speed = (place.sent - began.sent) / seconds if seconds else 0
        # DynamoDB counts the rows every six hours or so.
        messages.print(f"{place.looked_at} of about {rows} rows, {place.sent} sent, {speed:.0f}/s")

    sender = QueueSender(target.sqs, target.queue_url, rate=rate, max_depth=max_depth)
    try:
        return filling.run(sender, cursor, progress)
    except KeyboardInterrupt:
        messages.print("Run the same command again to continue.")
        raise
