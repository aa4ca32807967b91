"""A whole upload: files are found, read, announced, sent, and their images followed to the end."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx

from imagectl.api_client import Service
from imagectl.journal import Journal
from imagectl.retry import Patience
from imagectl.upload.counters import Tally
from imagectl.upload.file_walk import Wanted, walk
from imagectl.upload.progress import displayed
from imagectl.upload.s3_post import Sender
from imagectl.upload.selection import to_send
from imagectl.upload.status_polling import Following
from imagectl.upload.transfer import Delivery
from imagectl.upload_model import Run

_SEND_ATTEMPTS: Final = 8
_TIMEOUT: Final = httpx.Timeout(120, connect=10)


def bulk_upload(
    service: Service,
    journal: Journal,
    run: Run,
    tally: Tally,
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

    `own_batch` says that nobody else uploads into the run's batch. Then waits for the images, until
    nothing has moved for `wait_seconds`; None does not wait. The journal has the outcome of each file.
    Raises CannotContinue.
    """
    patience = Patience(attempts=_SEND_ATTEMPTS, stopping=service.stopping)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with (
        displayed(tally, quiet=quiet),
        httpx.Client(timeout=_TIMEOUT, limits=limits) as http,
        _counting(paths, wanted, tally),
    ):
        sender = Sender(http, patience, lambda count: tally.add(sent_bytes=count, done_bytes=count))
        following = Following(service, journal, run, tally, own_batch=own_batch, patience=wait_seconds or 0)
        with following.beside():
            Delivery(service, sender, journal, run, tally, concurrency=concurrency).deliver(
                to_send(walk(paths, wanted), journal, run, tally, again=again)
            )
        tally.sending_ends()
        if wait_seconds is not None:
            following.follow()


@contextmanager
def _counting(paths: Sequence[str], wanted: Wanted, tally: Tally) -> Iterator[None]:
    """Count the files in the background, so that the display can say how much is left."""
    done = threading.Event()

    def count() -> None:
        for found in walk(paths, wanted):
            if done.is_set():
                return
            tally.add(found=1, found_bytes=found.size)
        tally.counted = True

    thread = threading.Thread(target=count, name="count", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
