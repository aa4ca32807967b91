"""A whole upload: files are found, read, announced, sent, and their images followed to the end."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx

from handlers.contract.keys import Lane
from imagectl.api_client import Service
from imagectl.journal import Journal
from imagectl.output import messages
from imagectl.upload.allowance import is_long, sentence, usual_lane
from imagectl.upload.counters import Counters
from imagectl.upload.file_walk import Found, Wanted, walk
from imagectl.upload.known_outcomes import KnownOutcomes
from imagectl.upload.progress import displayed
from imagectl.upload.s3_post import S3Post
from imagectl.upload.selection import to_send
from imagectl.upload.status_polling import StatusPolling
from imagectl.upload.transfer import Transfer
from imagectl.upload.unused_announcements import cancel_unused
from imagectl.upload_model import Content, File, UploadRun

_SEND_ATTEMPTS: Final = 8
_COUNT_SECONDS: Final = 3.0
# What has been cut off is noticed soon; S3 may take its time to answer once it has a large file.
_TIMEOUT: Final = httpx.Timeout(60, connect=5, write=20)


def bulk_upload(
    service: Service,
    journal: Journal,
    run: UploadRun,
    counters: Counters,
    *,
    paths: Sequence[str],
    wanted: Wanted,
    own_batch: bool,
    lane: Lane | None = None,
    concurrency: int = 8,
    again: bool = False,
    wait_seconds: float | None = 900,
    patience_seconds: float = 900,
    restore: Callable[[int], bool] = lambda _: False,
    quiet: bool = False,
) -> None:
    """Upload the wanted files at or below `paths`, at most `concurrency` at a time.

    `lane` is asked for; without one, that of the number of files. Before a long upload, what is left of
    the caller's quota is printed.
    `own_batch` says that only this run uploads into its batch. Then waits for the images, until
    nothing has moved for `wait_seconds`; None does not wait. A service that was reached once may be out of
    reach for `patience_seconds`. `restore` decides, by their number, whether files are uploaded again whose
    images have been deleted. The journal has the outcome of each file. Raises CannotContinue.
    """
    lane = lane or usual_lane(walk(paths, wanted))

    def is_new(found: Found) -> bool:
        return again or not journal.is_announced(run.api, found.path, found.size, found.mtime_ns)

    def moved(count: int) -> None:
        counters.add(moving_bytes=count)
        if count > 0:
            service.contact.moved()

    service.contact.patience_seconds = patience_seconds
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with httpx.Client(timeout=_TIMEOUT, limits=limits) as http:
        sender = S3Post(http, service.retry("S3", attempts=_SEND_ATTEMPTS), moved)
        transfer = Transfer(service, sender, journal, run, counters, lane=lane, concurrency=concurrency)
        polling = StatusPolling(
            service, journal, run, counters, own_batch=own_batch, wait_seconds=wait_seconds or 0
        )
        deleted: list[File] = []
        with (
            displayed(counters, service.contact, quiet=quiet),
            _counting(paths, wanted, counters, service, is_new),
            polling.beside(),
        ):
            known = KnownOutcomes(service, journal, run)
            files = walk(paths, wanted)
            transfer.deliver(
                to_send(files, journal, run, counters, known=known, deleted=deleted, again=again)
            )
        restored = deleted if deleted and restore(len(deleted)) else []
        with displayed(counters, service.contact, quiet=quiet):
            if restored:
                with polling.beside():
                    transfer.deliver(_requeued(restored, journal, run, counters))
            counters.sending_ends()
            if wait_seconds is not None:
                polling.follow()
            if own_batch and (run.resumed or counters.sent):
                cancelled = cancel_unused(service, journal, run)
                if cancelled:
                    messages.print(f"cancelled {cancelled} announcements whose answers had got lost")


def _requeued(
    files: Sequence[File], journal: Journal, run: UploadRun, counters: Counters
) -> Iterator[tuple[File, Content]]:
    for file in files:
        counters.add(deleted=-1, done_bytes=-file.size)
        journal.requeue(run, file)
        yield file, journal.content(run, file.sha256)


@contextmanager
def _counting(
    paths: Sequence[str],
    wanted: Wanted,
    counters: Counters,
    service: Service,
    is_new: Callable[[Found], bool],
) -> Iterator[None]:
    """Count the files in the background, so that the display can say how much is left.

    The quota is compared with those that are new to the service. The block begins when that is done,
    or after a few seconds: sending does not wait for the last of a million files to be found.
    """
    done = threading.Event()

    def count() -> None:
        images = total = 0
        for found in walk(paths, wanted):
            if done.is_set():
                return
            counters.add(found=1, found_bytes=found.size)
            if isinstance(found, Found) and is_new(found):
                images += 1
                total += found.size
        counters.counted = True
        if is_long(images, total) and (quota := service.quota()):
            messages.print(sentence(quota, images, total))

    thread = threading.Thread(target=count, name="count", daemon=True)
    thread.start()
    try:
        thread.join(_COUNT_SECONDS)
        yield
    finally:
        done.set()
        thread.join()
