"""`imagectl upload`."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from handlers.contract.keys import Lane
from imagectl.api_client import Service
from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue, Interrupted
from imagectl.journal import Journal
from imagectl.output import messages, results, size
from imagectl.upload.allowance import HANDFUL
from imagectl.upload.bulk_upload import bulk_upload
from imagectl.upload.counters import Counters
from imagectl.upload.file_walk import Wanted, walk
from imagectl.upload.known_outcomes import KnownOutcomes
from imagectl.upload.progress import line
from imagectl.upload.selection import to_send
from imagectl.upload.summary import RESUME, print_json, print_summary
from imagectl.upload_model import Content, File, new_batch_id


def default_journal() -> Path:
    """Where the journal is kept unless `--journal` says otherwise."""
    return platformdirs.user_state_path("imagectl") / "journal.sqlite3"


JournalOption = Annotated[
    Path | None, typer.Option("--journal", metavar="FILE", help="The file that records the uploads.")
]


def upload(
    *,
    service: Service,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files and folders.")],
    batch: Annotated[
        str | None, typer.Option(metavar="ID", help="Upload into this batch instead of a new one.")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Upload only files that match this pattern; may be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Skip files and folders that match this pattern; may be repeated."),
    ] = None,
    lane: Annotated[
        Lane | None,
        typer.Option(
            help="The lane to ask for: express for images that somebody waits for, bulk for an import.",
            show_default=f"bulk for more than {HANDFUL} files, else express",
        ),
    ] = None,
    ignore_companions: Annotated[
        bool,
        typer.Option(
            "--ignore-companions", help="RAW files, videos and sidecars of a camera do not count as failures."
        ),
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Uploads at the same time.")] = 8,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be uploaded, and upload nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also upload files that earlier batches have uploaded.")
    ] = False,
    restore_deleted: Annotated[
        bool | None,
        typer.Option(
            "--restore-deleted/--skip-deleted",
            help="Upload files again, or do not, whose images have been deleted from the service.",
            show_default="ask; skip where there is no terminal",
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Follow the images until each one is rendered or rejected."),
    ] = True,
    wait_seconds: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="Stop waiting after this long without progress.")
    ] = 900,
    journal_path: JournalOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line: each file, then the summary.")
    ] = False,
) -> None:
    """Upload files and folders, and wait until every image is rendered.

    Run the same command again after Ctrl-C, a crash or a network cut: it continues, and uploads
    nothing twice. Outcomes are those of the service at the end of the run. The exit code is 0 only if
    every file is READY. In folders, RAW files, videos and sidecars are skipped; they count as failures
    unless `--ignore-companions` is passed.

    ```
    imagectl upload holiday/ --exclude '*.tif' --concurrency 16
    imagectl upload holiday/ --batch summer-2024 --no-wait
    imagectl upload /media/card/DCIM --ignore-companions
    imagectl upload a.jpg b.heic --json
    ```
    """
    started = time.monotonic()
    wanted = Wanted(include=include or (), exclude=exclude or ())
    command = fingerprint(paths, wanted, batch)
    counters = Counters()
    with closing(Journal(journal_path or default_journal())) as journal:
        if dry_run:
            with journal.discarded():
                run = journal.begin(service.url, command, batch or "")
                known, deleted = KnownOutcomes(service, journal, run), list[File]()
                files = walk(paths, wanted)
                _rehearse(
                    to_send(files, journal, run, counters, known=known, deleted=deleted, again=again),
                    counters,
                )
            return
        run = journal.begin(service.url, command, batch or new_batch_id())
        messages.print(f"{'continuing' if run.resumed else 'uploading as'} batch {run.batch_id}")
        try:
            bulk_upload(
                service,
                journal,
                run,
                counters,
                paths=paths,
                wanted=wanted,
                own_batch=batch is None,
                lane=lane,
                concurrency=concurrency,
                again=again,
                wait_seconds=wait_seconds if wait else None,
                patience_seconds=wait_seconds,
                restore=_restoring(restore_deleted),
                quiet=as_json,
            )
        except KeyboardInterrupt:
            raise Interrupted(f"Stopped: {line(counters)}.", RESUME) from None
        except CannotContinue as error:
            error.hint = f"{error.hint} {RESUME}".strip()
            raise
        report = print_json if as_json else print_summary
        seconds = time.monotonic() - started
        if not report(journal, run, counters, seconds=seconds, ignore_companions=ignore_companions):
            raise typer.Exit(EXIT_NOT_ALL_READY)
        journal.finish(run)


def _restoring(choice: bool | None) -> Callable[[int], bool]:
    """Whether so many files are uploaded again whose images were deleted, on purpose for all one knows."""

    def decide(count: int) -> bool:
        if choice is not None or not sys.stdin.isatty():
            return bool(choice)
        images = "1 image has" if count == 1 else f"{count:,} images have"
        return typer.confirm(f"{images} been deleted from the service. Upload again?", err=True)

    return decide


def fingerprint(paths: Sequence[str], wanted: Wanted, batch: str | None) -> str:
    """What makes two runs the same command: where it is run from is none of it."""
    absolute = sorted({os.path.abspath(path) for path in paths})  # noqa: PTH100 - names are any bytes
    said = json.dumps([absolute, sorted(wanted.include), sorted(wanted.exclude), batch])
    return hashlib.sha256(said.encode()).hexdigest()


def _rehearse(files: Iterable[tuple[File, Content]], counters: Counters) -> None:
    total = 0
    for file, _ in files:
        results.print(f"{size(file.size):>10}  {file.content_type:<10}  {file.path}")
        counters.add(sent=1)
        total += file.size
    messages.print(
        f"{counters.sent} files, {size(total)} would be uploaded; {counters.before} are uploaded, "
        f"{counters.same} have the content of another file, {counters.companions} are companions of "
        f"photographs, {counters.unsent - counters.companions} cannot be uploaded"
        + (f", {counters.deleted} have been deleted from the service" if counters.deleted else "")
    )
