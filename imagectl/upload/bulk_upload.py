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
from imagectl.retry import Retry
from imagectl.upload.allowance import is_long, sentence, usual_lane
from imagectl.upload.counters import Counters
from imagectl.upload.file_walk import Found, Wanted, walk
from imagectl.upload.progress import displayed
from imagectl.upload.s3_post import S3Post
from imagectl.upload.selection import to_send
from imagectl.upload.status_polling import StatusPolling
from imagectl.upload.transfer import Transfer
from imagectl.upload_model import UploadRun

_SEND_ATTEMPTS: Final = 8
_COUNT_SECONDS: Final = 3.0
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
    lane: Lane | None = None,
    concurrency: int = 8,
    again: bool = False,
    wait_seconds: float | None = 900,
    quiet: bool = False,
) -> None:
    """Upload the wanted files at or below `paths`, at most `concurrency` at a time.

    `lane` is asked for; without one, that of the number of files. Before a long upload, what is left of
    the caller's quota is printed.
    `own_batch` says that only this run uploads into its batch. Then waits for the images, until
    nothing has moved for `wait_seconds`; None does not wait. The journal has the outcome of each file.
    Raises CannotContinue.
    """
    lane = lane or usual_lane(walk(paths, wanted))

    def is_new(found: Found) -> bool:
        return again or not journal.is_announced(run.api, found.path, found.size, found.mtime_ns)

    retry = Retry(attempts=_SEND_ATTEMPTS, stopping=service.stopping)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with (
        displayed(counters, quiet=quiet),
        httpx.Client(timeout=_TIMEOUT, limits=limits) as http,
        _counting(paths, wanted, counters, service, is_new),
    ):
        sender = S3Post(http, retry, lambda count: counters.add(sent_bytes=count, done_bytes=count))
        polling = StatusPolling(
            service, journal, run, counters, own_batch=own_batch, wait_seconds=wait_seconds or 0
        )
        with polling.beside():
            transfer = Transfer(service, sender, journal, run, counters, lane=lane, concurrency=concurrency)
            transfer.deliver(to_send(walk(paths, wanted), journal, run, counters, again=again))
        counters.sending_ends()
        if wait_seconds is not None:
            polling.follow()


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
