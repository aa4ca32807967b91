"""The status of uploaded images: their batch is polled, and where its counts do not suffice, each image."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from imagectl.api_client import Document, Service
from imagectl.journal import Journal
from imagectl.upload.counters import Counters
from imagectl.upload_model import SETTLED, Content, State, UploadRun

# If the counts of the batch do not suffice or stand still, the images are polled, some at a time.
_PAGE: Final = 100
_PARALLEL: Final = 8
# A large batch is counted less often: counting it is work for the service.
PAUSE_SECONDS = 1.0
_IMAGES_A_SECOND_OF_PAUSE: Final = 2000
_LONGEST_PAUSE: Final = 15.0


class StatusPolling:
    """Follows a run's images until the service is done with each.

    `own_batch` says that only this run uploads into the batch, so that its counts are this journal's.
    """

    def __init__(
        self,
        service: Service,
        journal: Journal,
        run: UploadRun,
        counters: Counters,
        *,
        own_batch: bool,
        wait_seconds: float = 900,
    ) -> None:
        self._service = service
        self._journal = journal
        self._run = run
        self._counters = counters
        self._own_batch = own_batch
        self._pause = PAUSE_SECONDS
        self._wait_seconds = wait_seconds
        self._asked = b""

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Keep the counters's counts fresh while something else is done."""
        done = threading.Event()
        thread = threading.Thread(target=self._watch, args=(done,), name="follow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def follow(self) -> None:
        """Return when every image is settled, or when nothing has moved for `wait_seconds`.

        Raises CannotContinue.
        """
        last: object = None
        moved = time.monotonic()
        while self._journal.unsettled(self._run, limit=1):
            batch = self._look()
            if batch is not None and batch["counts"] != last:
                last, moved = batch["counts"], time.monotonic()
            over = batch is not None and settled(batch) >= self._uploaded()
            if batch is not None and over and self._tells_all(batch):
                self._journal.settle_batch(self._run.api, self._run.batch_id, failed(batch))
                if not self._journal.unsettled(self._run, limit=1):
                    return
            stands_still = batch is None or time.monotonic() - moved > 5 * self._pause
            if (over or stands_still) and self._ask_some():
                moved = time.monotonic()
                continue
            if time.monotonic() - moved > self._wait_seconds:
                return
            time.sleep(self._next_pause())

    def _look(self) -> Document | None:
        batch = self._service.batch(self._run.batch_id)
        self._show(batch)
        return batch

    def _show(self, batch: Document | None) -> None:
        if batch is not None:
            self._counters.settled = {state: batch["counts"].get(state, 0) for state in SETTLED}

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(self._next_pause() * 2):
            self._show(self._service.glance(self._run.batch_id))

    def _next_pause(self) -> float:
        return min(
            self._pause + self._counters.found / _IMAGES_A_SECOND_OF_PAUSE, max(_LONGEST_PAUSE, self._pause)
        )

    def _tells_all(self, batch: Document) -> bool:
        """Whether the batch's document says of every image of this journal how it ended."""
        failures = batch["counts"]["REJECTED"] + batch["counts"]["FAILED"]
        return self._own_batch and settled(batch) == self._uploaded() and len(batch["failures"]) == failures

    def _uploaded(self) -> int:
        """How many images of the batch were uploaded, by whichever run."""
        counts = self._journal.counts(self._run.api, self._run.batch_id)
        return sum(counts[state] for state in (State.UPLOADED, *SETTLED))

    def _ask_some(self) -> int:
        """Ask for the next unsettled images one by one; returns how many are settled now."""
        contents = self._journal.unsettled(self._run, after=self._asked, limit=_PAGE)
        self._asked = contents[-1].sha256 if len(contents) == _PAGE else b""
        with ThreadPoolExecutor(_PARALLEL, "ask") as pool:
            return sum(pool.map(self._ask, contents))

    def _ask(self, content: Content) -> bool:
        assert content.image_id, "uploaded contents have an ImageID"
        image = self._service.image(content.image_id)
        if image is None:
            self._journal.delete(self._run.api, content.image_id)
        elif image["status"] != "PENDING":
            self._journal.settle(self._run.api, content.image_id, *outcome(image))
        return image is None or image["status"] != "PENDING"


def settled(batch: Document) -> int:
    """How many images of a batch the service is done with."""
    return sum(batch["counts"].get(state, 0) for state in SETTLED)


def failed(batch: Document) -> dict[str, tuple[State, str | None]]:
    """The outcomes of the failures that a batch lists, by ImageID."""
    return {failure["imageId"]: outcome(failure) for failure in batch["failures"]}


def outcome(document: Document) -> tuple[State, str | None]:
    """How the service describes an image: the state that it has for the journal, and the reason."""
    status = document["status"]
    return State.UPLOADED if status == "PENDING" else State(status), document.get("reason") or None
