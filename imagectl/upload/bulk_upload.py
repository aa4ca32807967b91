"""A whole upload: files are found, read, announced, sent, and their images followed to the end."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx

from imagectl.api_client import Service
from imagectl.journal import Journal
from imagectl.retry import Retry
from imagectl.upload.counters import Counters
from imagectl.upload.file_walk import Wanted, walk
from imagectl.upload.progress import displayed
from imagectl.upload.s3_post import S3Post
from imagectl.upload.selection import to_send
from imagectl.upload.status_polling import StatusPolling
from imagectl.upload.transfer import Transfer
from imagectl.upload_model import UploadRun

_SEND_ATTEMPTS: Final = 8
_TIMEOUT: Final = httpx.Timeout(120, connect=10)


def bulk_upload(
    service: Service,
    journal: Journal,
    run: UploadRun,
    counters: Counters,
    *,
    paths: Sequence[str],
    wanted: Wanted,
    own_batch: bool,
    concurrency: int = 8,
    again: bool = False,
    wait_seconds: float | None = 900,
    quiet: bool = False,
) -> None:
    """Upload the wanted files at or below `paths`, at most `concurrency` at a time.

    `own_batch` says that only this run uploads into its batch. Then waits for the images, until
    nothing has moved for `wait_seconds`; None does not wait. The journal has the outcome of each file.
    Raises CannotContinue.
    """
    retry = Retry(attempts=_SEND_ATTEMPTS, stopping=service.stopping)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with (
        displayed(counters, quiet=quiet),
        httpx.Client(timeout=_TIMEOUT, limits=limits) as http,
        _counting(paths, wanted, counters),
    ):
        sender = S3Post(http, retry, lambda count: counters.add(sent_bytes=count, done_bytes=count))
        polling = StatusPolling(
            service, journal, run, counters, own_batch=own_batch, wait_seconds=wait_seconds or 0
        )
        with polling.beside():
            Transfer(service, sender, journal, run, counters, concurrency=concurrency).deliver(
                to_send(walk(paths, wanted), journal, run, counters, again=again)
            )
        counters.sending_ends()
        if wait_seconds is not None:
            polling.follow()


@contextmanager
def _counting(paths: Sequence[str], wanted: Wanted, counters: Counters) -> Iterator[None]:
    """Count the files in the background, so that the display can say how much is left."""
    done = threading.Event()

    def count() -> None:
        for found in walk(paths, wanted):
            if done.is_set():
                return
            counters.add(found=1, found_bytes=found.size)
        counters.counted = True

    thread = threading.Thread(target=count, name="count", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
