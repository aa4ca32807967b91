"""One file to S3, by the policy that the service signed for it."""

import io
import os
import re
from collections.abc import Callable, Mapping
from typing import IO, Any, BinaryIO, Final, cast

import httpx

from imagectl.retry import Retry, Transient, answered
from imagectl.upload.file_walk import explained
from imagectl.upload_model import File

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_PASSING: Final = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
_WRONG_BYTES: Final = frozenset(
    {"BadDigest", "EntityTooLarge", "EntityTooSmall", "IncompleteBody", "XAmzContentChecksumMismatch"}
)


class Unsent(Exception):
    """A file could not be uploaded; the message says why."""


class PolicyExpired(Exception):
    """The policy is too old for S3; another one may be requested."""


class S3Post:
    """Posts files. `moved` is called with the bytes that went out, and with as many negative ones when S3
    has answered or the attempt has failed: those in between are on their way, and nobody has them yet.
    """

    def __init__(self, http: httpx.Client, retry: Retry, moved: Callable[[int], None]) -> None:
        self._http = http
        self._retry = retry
        self._moved = moved

    def send(self, file: File, policy: Mapping[str, Any]) -> None:
        """Upload a file, with retries. Raises Unsent or PolicyExpired."""
        try:
            answer = self._retry(lambda: self._attempt(file, policy))
        except Transient as failure:
            raise Unsent(f"The upload failed: {failure}.") from failure
        except OSError as error:
            raise Unsent(f"It cannot be read: {explained(error)}.") from error
        if not answer.is_success:
            raise _refusal(answer)

    def _attempt(self, file: File, policy: Mapping[str, Any]) -> httpx.Response:
        with open(file.path, "rb") as opened:  # noqa: PTH123 - names are any bytes
            _same(file, opened)
            body = _Body(opened, file.size, self._moved)
            part = {"file": ("file", cast("IO[bytes]", body), file.content_type)}
            try:
                answer = answered(lambda: self._http.post(policy["url"], data=policy["fields"], files=part))
            finally:
                self._moved(-body.position)
            if answer.is_success:
                return answer
            # S3 refuses other bytes than announced: it is the file, unless the network mixed them up.
            code = _code(answer)
            if code in _WRONG_BYTES:
                _same(file, opened)
            if code in _WRONG_BYTES | _PASSING:
                raise Transient(f"S3 answered {code}")
            return answer


class _Body(io.RawIOBase):
    """As many bytes of a file as were announced: httpx takes the length from where the end is."""

    def __init__(self, file: BinaryIO, size: int, moved: Callable[[int], None]) -> None:
        self._file = file
        self._size = size
        self._moved = moved
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises Unsent when the file has become shorter."""
        left = self._size - self.position
        data = self._file.read(left if size < 0 else min(size, left))
        if left and not data:
            raise Unsent(_CHANGED)
        self.position += len(data)
        self._moved(len(data))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to the start or to the end, which is all that httpx does."""
        self.position = {os.SEEK_SET: offset, os.SEEK_END: self._size + offset}[whence]
        return self._file.seek(self.position)

    def tell(self) -> int:
        """Where the next byte is read."""
        return self.position


_CHANGED: Final = "It changed after it was read; run the same command again to upload what it is now."


def _same(file: File, opened: BinaryIO) -> None:
    status = os.fstat(opened.fileno())
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise Unsent(_CHANGED)


def _refusal(answer: httpx.Response) -> Exception:
    code, message = _code(answer), _element(answer, "Message")
    if code == "ExpiredToken" or (answer.status_code == 403 and "expired" in message.lower()):
        return PolicyExpired(message)
    return Unsent(f"S3 refused it: HTTP {answer.status_code} {code} {message}".strip())


def _code(answer: httpx.Response) -> str:
    return _element(answer, "Code")


def _element(answer: httpx.Response, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", answer.text)
    return found[1] if found else ""
