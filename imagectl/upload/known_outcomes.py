"""What became of images that earlier runs uploaded: the service has the last word, not the journal."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from imagectl.api_client import Document, Service
from imagectl.journal import Journal
from imagectl.upload.status_polling import failed, outcome, settled
from imagectl.upload_model import SETTLED, Content, State, UploadRun, is_generated

_PAGE: Final = 100
_PARALLEL: Final = 8
_OVER: Final = (*SETTLED, State.DELETED)


class KnownOutcomes:
    """Corrects the journal by the service, batch by batch, as their contents are met in a run.

    One request for each batch. If its counts and failures are those of the journal, so are the outcomes of
    its images; if it tells the outcome of each, they are taken from it. Otherwise the images are asked for
    one by one.
    """

    def __init__(self, service: Service, journal: Journal, run: UploadRun) -> None:
        self._service = service
        self._journal = journal
        self._run = run
        self._differs: dict[str, bool] = {}

    def __call__(self, content: Content) -> Content:
        """The content as it is now. Raises CannotContinue."""
        if content.state not in _OVER:
            return content
        if content.batch_id not in self._differs:
            self._differs[content.batch_id] = self._correct(content.batch_id)
        return (
            self._journal.content(self._run, content.sha256) if self._differs[content.batch_id] else content
        )

    def _correct(self, batch_id: str) -> bool:
        """Whether the journal was wrong about a batch, which it is not any more."""
        batch = self._service.batch(batch_id)
        if batch is not None and self._agrees(batch):
            return False
        if batch is not None and self._tells_all(batch):
            self._journal.settle_batch(self._run.api, batch_id, failed(batch))
        else:
            self._ask_all(batch_id)
        return True

    def _agrees(self, batch: Document) -> bool:
        counts = self._journal.counts(self._run.api, batch["batchId"])
        known = self._journal.failures(self._run.api, batch["batchId"])
        return all(batch["counts"][state] == counts[state] for state in SETTLED) and known.issuperset(
            failed(batch)
        )

    def _tells_all(self, batch: Document) -> bool:
        # Into a batch that was named, others may have uploaded as well.
        if not is_generated(batch["batchId"]):
            return False
        counts = self._journal.counts(self._run.api, batch["batchId"])
        failures = batch["counts"]["REJECTED"] + batch["counts"]["FAILED"]
        return (
            settled(batch) == sum(counts[state] for state in (State.UPLOADED, *SETTLED))
            and len(batch["failures"]) == failures
        )

    def _ask_all(self, batch_id: str) -> None:
        after = b""
        with ThreadPoolExecutor(_PARALLEL, "ask") as pool:
            while contents := self._journal.images(self._run.api, batch_id, after=after, limit=_PAGE):
                after = contents[-1].sha256
                list(pool.map(self._ask, contents))

    def _ask(self, content: Content) -> None:
        assert content.image_id, "what the service was done with has an ImageID"
        image = self._service.image(content.image_id)
        if image is None:
            self._journal.delete(self._run.api, content.image_id)
        else:
            self._journal.settle(self._run.api, content.image_id, *outcome(image))
