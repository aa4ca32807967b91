"""The image service as a client sees it: its API, call by call."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from imagectl.contact import Contact
from imagectl.errors import QUOTA_EXCEEDED, QuotaReached, Refused, ServiceUnusable
from imagectl.retry import Retry, Transient, answered

if TYPE_CHECKING:
    from imagectl.operations.stack import DeployedStack

MAX_FILES_A_CALL: Final = 100
MAX_IMAGES_A_PAGE: Final = 100
# A person waits for the first answer; one who has waited for thousands of files can wait on.
_FIRST_ATTEMPTS: Final = 4
_ATTEMPTS: Final = 10
_GLANCE_SECONDS: Final = 5
_WITHOUT_WORD_SECONDS: Final = 60
_HOUR: Final = 3600  # quotas are those of an hour

Document = dict[str, Any]


class Service:
    """The API at `url`. Documents are returned as they arrive.

    Every method raises ServiceUnusable when the API cannot be reached, fails, or lets nobody in,
    and Refused when it answers with a problem. Safe to share between threads. `contact` says whether
    it answers. `stack_of` finds the stack behind it, for what the API does not offer.
    """

    def __init__(
        self, http: httpx.Client, url: str, *, stack_of: "Callable[[], DeployedStack] | None" = None
    ) -> None:
        self.url = url
        self.stack_of = stack_of
        self.stopping = threading.Event()
        self.contact = Contact()
        self._http = http
        self._first = self.retry("the service", attempts=_FIRST_ATTEMPTS, patient=False)
        self._later = self.retry("the service", attempts=_ATTEMPTS)
        self._retry = self._first

    def retry(self, whom: str, *, attempts: int, patient: bool = True) -> Retry:
        """What repeats calls to `whom` until the service is stopping."""
        return Retry(whom, attempts=attempts, stopping=self.stopping, contact=self.contact, patient=patient)

    def announce(self, batch_id: str, files: Sequence[Mapping[str, Any]]) -> tuple[list[Document], str]:
        """Announce up to MAX_FILES_A_CALL files; their answers in the same order.

        The second value is the service's date (RFC 9110), by whose clock the policies expire. Files
        beyond the caller's quota are answered with a problem each. Raises QuotaReached if all are.
        """
        answer = self._call("POST", "/uploads", json={"batchId": batch_id, "files": list(files)})
        documents = self._json(answer).get("files")
        if not isinstance(documents, list) or len(documents) != len(files):
            raise self._stranger()
        return documents, answer.headers.get("date", "")

    def image(self, image_id: str) -> Document | None:
        """The image; None if there is none that the caller may see."""
        return self._found("unknown-image", lambda: self._call("GET", _image(image_id)))

    def batch(self, batch_id: str) -> Document | None:
        """Where a batch stands; None if there is none that the caller may see."""
        return self._found("unknown-batch", lambda: self._call("GET", _batch(batch_id)))

    def glance(self, batch_id: str) -> Document | None:
        """Where a batch stands, if the service says so at once; raises nothing."""
        return self._glance(_batch(batch_id))

    def quota(self) -> Document | None:
        """The caller's quota, if the service says it at once; raises nothing."""
        return self._glance("/quota")

    def _glance(self, path: str) -> Document | None:
        try:
            answer = self._http.get(f"{self.url}{path}", timeout=_GLANCE_SECONDS)
            return self._json(answer) if answer.is_success else None
        except (httpx.HTTPError, ServiceUnusable):
            return None

    def images(self, status: str | None = None) -> Iterator[Document]:
        """Every image, newest first, fetched page by page."""
        query: dict[str, str | int] = {"limit": MAX_IMAGES_A_PAGE} | ({"status": status} if status else {})
        while True:
            page = self._json(self._call("GET", "/images", params=query))
            yield from page.get("images", [])
            if not page.get("cursor"):
                return
            query["cursor"] = page["cursor"]

    def delete(self, image_id: str) -> None:
        """Delete an image: its original, its variants, its row. Deleting twice is not an error."""
        self._call("DELETE", _image(image_id))

    def _found(self, unknown: str, ask: Callable[[], httpx.Response]) -> Document | None:
        try:
            return self._json(ask())
        except Refused as refused:
            if refused.code == unknown:
                return None
            raise

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = f"{self.url}{path}"
        try:
            answer = self._retry(lambda: answered(lambda: self._http.request(method, url, **options)))
        except Transient as failure:
            raise ServiceUnusable(
                f"{self.url} does not answer: {failure}.",
                "Check the address and the network; then run the same command again.",
            ) from failure
        except httpx.InvalidURL as error:
            raise ServiceUnusable(f"'{url}' is not an address: {error}") from error
        if not answer.is_success:
            raise self._problem(answer)
        self._retry = self._later
        return answer

    def _problem(self, answer: httpx.Response) -> Exception:
        try:
            document = answer.json()
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and "type" in document:
            refused = Refused(document)
            if refused.code == QUOTA_EXCEEDED:
                return QuotaReached(document, _seconds(answer))
            return refused
        said = document.get("message", "") if isinstance(document, dict) else ""
        if answer.status_code in {401, 403}:
            return ServiceUnusable(
                f"The service does not let these credentials in (HTTP {answer.status_code}). {said}".strip(),
                "They need execute-api:Invoke on this API, or a token that is valid for it; "
                "check AWS_PROFILE or IMAGECTL_TOKEN, --region and this machine's clock.",
            )
        return self._stranger(f"HTTP {answer.status_code}")

    def _json(self, answer: httpx.Response) -> Document:
        try:
            document = answer.json()
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self._stranger()
        return document

    def _stranger(self, what: str = "something else") -> ServiceUnusable:
        return ServiceUnusable(
            f"{self.url} does not answer as the image service does, but with {what}.",
            "Check --api, IMAGECTL_API or the stack's output apiUrl.",
        )


def _seconds(answer: httpx.Response) -> int:
    """How long the service asks to wait, an hour at most (RFC 9110; it never answers with a date)."""
    said = answer.headers.get("retry-after", "")
    return min(int(said[:9]), _HOUR) if said.isdecimal() else _WITHOUT_WORD_SECONDS


def _image(image_id: str) -> str:
    return f"/images/{quote(image_id)}"


def _batch(batch_id: str) -> str:
    return f"/batches/{quote(batch_id, safe='')}"
