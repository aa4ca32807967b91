"""A run's files to the service: announced in chunks just in time, sent side by side."""

import base64
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from handlers.contract.keys import Lane
from imagectl.api_client import MAX_FILES_A_CALL, Service
from imagectl.errors import QUOTA_EXCEEDED, Refused
from imagectl.journal import Journal
from imagectl.output import messages
from imagectl.upload.announcer import Announcer
from imagectl.upload.counters import Counters
from imagectl.upload.s3_post import PolicyExpired, S3Post, Unsent
from imagectl.upload_model import Content, File, State, UploadRun

# A chunk is sent off before a policy, which lives for 15 minutes at most, is likely to expire.
CHUNK_BYTES: Final = 256 * 1024 * 1024
_POLICIES_A_FILE: Final = 5


@dataclass(frozen=True)
class _Policy:
    """A policy, and until when on this process's monotonic clock it is safe to begin with it."""

    upload: Mapping[str, Any]
    good_until: float


class Transfer:
    """Sends files, at most `concurrency` at a time; new ones are announced for `lane`."""

    def __init__(
        self,
        service: Service,
        sender: S3Post,
        journal: Journal,
        run: UploadRun,
        counters: Counters,
        *,
        lane: Lane,
        concurrency: int,
    ) -> None:
        self._service = service
        self._announcer = Announcer(service, run, counters)
        self._sender = sender
        self._journal = journal
        self._run = run
        self._counters = counters
        self._lane = lane
        self._concurrency = concurrency

    def deliver(self, files: Iterable[tuple[File, Content]]) -> None:
        """Send all files; when interrupted, those on their way are finished first.

        Raises CannotContinue. Failures of single files are written to the journal.
        """
        sending: set[Future[None]] = set()
        # No `with`: it would wait for those on their way when it is interrupted for the second time.
        pool = ThreadPoolExecutor(self._concurrency, "upload")
        try:
            for chunk in _chunks(files):
                sending = _drained(sending, self._concurrency)
                new = [file for file, content in chunk if not content.image_id]
                begun = [(file, content.image_id) for file, content in chunk if content.image_id]
                sending |= {pool.submit(self._send, file, image_id, None) for file, image_id in begun}
                sending |= {pool.submit(self._send, *each) for each in self._announce(new)}
            _drained(sending, 0)
        except BaseException as error:
            self._service.stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                messages.print("finishing what is on its way; press Ctrl-C again to stop at once")
            pool.shutdown()
            raise
        pool.shutdown()

    def _announce(self, files: list[File]) -> Iterator[tuple[File, str, _Policy]]:
        """Those of the files that the service takes, with their ImageIDs and policies.

        What a quota leaves room for comes at once, the others when there is room again.
        """
        while files:
            answers, date = self._announcer.announce([self._described(file) for file in files])
            accepted: list[tuple[File, str, _Policy]] = []
            later: list[File] = []
            for file, answer in zip(files, answers, strict=True):
                refused = Refused(answer.get("error", {}))
                if "upload" in answer:
                    accepted.append((file, answer["imageId"], _policy(answer["upload"], date)))
                elif refused.code == QUOTA_EXCEEDED:
                    later.append(file)
                else:
                    self._unsent(file, str(refused))
            self._journal.announced(self._run, [(file.sha256, image_id) for file, image_id, _ in accepted])
            yield from accepted
            files = later

    def _send(self, file: File, image_id: str, policy: _Policy | None) -> None:
        """Send a file; what an earlier run has announced has no policy yet, and may even have arrived."""
        try:
            sent = self._send_with(file, image_id, policy)
        except Unsent as failure:
            self._unsent(file, str(failure))
        else:
            self._journal.reach(self._run, file.sha256, State.UPLOADED)
            self._counters.add(sent=1, sent_bytes=file.size if sent else 0, done_bytes=file.size)

    def _send_with(self, file: File, image_id: str, policy: _Policy | None) -> bool:
        """Send a file, with as many policies as it takes; False if it had arrived before. Raises Unsent."""
        for _ in range(_POLICIES_A_FILE):
            if policy is None or time.monotonic() > policy.good_until:
                signed = self._sign_anew(file, image_id)
                if signed is None:
                    return False
                image_id, policy = signed
            try:
                self._sender.send(file, policy.upload)
            except PolicyExpired:
                policy = None
            else:
                return True
        raise Unsent("Each of its policies had expired when S3 saw it; check this machine's clock.")

    def _sign_anew(self, file: File, image_id: str) -> tuple[str, _Policy] | None:
        """Another policy; None if the service has got the image already. Raises Unsent."""
        for description in (self._described(file, image_id), self._described(file)):
            [answer], date = self._announcer.announce([description])
            if "upload" in answer:
                if answer["imageId"] != image_id:
                    self._journal.announced(self._run, [(file.sha256, answer["imageId"])])
                return answer["imageId"], _policy(answer["upload"], date)
            refused = Refused(answer.get("error", {}))
            if refused.code == "not-pending":
                return None
            # The service forgets images that are announced and never uploaded; they may be announced again.
            if refused.code != "unknown-image":
                break
        raise Unsent(str(refused))

    def _described(self, file: File, image_id: str | None = None) -> dict[str, Any]:
        described = {
            "name": file.name,
            "contentType": file.content_type,
            "bytes": file.size,
            "sha256": base64.b64encode(file.sha256).decode(),
        }
        return described | ({"imageId": image_id} if image_id else {"lane": self._lane})

    def _unsent(self, file: File, reason: str) -> None:
        self._journal.stop(self._run, file.sha256, reason)
        self._counters.add(unsent=1, done_bytes=file.size)


def _chunks(files: Iterable[tuple[File, Content]]) -> Iterator[list[tuple[File, Content]]]:
    chunk: list[tuple[File, Content]] = []
    size = 0
    for file, content in files:
        chunk.append((file, content))
        size += file.size
        if len(chunk) == MAX_FILES_A_CALL or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _drained(sending: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until at most so many are left. Raises what one of them raised."""
    while len(sending) > most:
        done, sending = wait(sending, return_when=FIRST_COMPLETED)
        for each in done:
            each.result()
    return sending


def _policy(upload: Mapping[str, Any], date: str) -> _Policy:
    """The policy's life is measured by the service's clock and spent by this machine's."""
    try:
        now = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        now = datetime.now(UTC)
    life = (datetime.fromisoformat(upload["expiresAt"]) - now).total_seconds()
    return _Policy(upload, time.monotonic() + life * 0.9)
