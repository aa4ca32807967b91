"""Errors of the API as problem documents, https://www.rfc-editor.org/rfc/rfc9457.

The `type` is stable and names the problem; `detail` is for people and may change.
"""

from typing import Any, Final, Literal

_TYPES: Final = "urn:image-intake:problem:"
CONTENT_TYPE: Final = "application/problem+json"
_DETAIL_CHARACTERS: Final = 300

QuotaUnit = Literal["images", "bytes"]
"""What the limit of a quota counts."""


class Problem(Exception):
    """A request, or one item of it, that cannot be served.

    `code` is the last part of the problem's `type`; `members` are further members of the
    document (JSON values). With `retry_after`, the same may be asked again after so many seconds.
    """

    def __init__(
        self, status: int, code: str, title: str, detail: str = "", *, retry_after: int = 0, **members: Any
    ) -> None:
        super().__init__(f"{title} {detail}".strip())
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self._title = title
        self._detail = detail
        self._members = members

    def document(self) -> dict[str, Any]:
        """The problem document: `type`, `title`, `status`, and `detail` where there is one."""
        described = {"type": f"{_TYPES}{self.code}", "title": self._title, "status": self.status}
        return described | ({"detail": self._detail} if self._detail else {}) | self._members


def malformed(detail: str) -> Problem:
    """The request, or one item of it, does not have the documented form.

    The detail may quote the request, and is cut off so that no answer repeats all of it.
    """
    title = "The request is not in the documented form."
    return Problem(400, "malformed-request", title, detail[:_DETAIL_CHARACTERS])


def unknown_route(route: str) -> Problem:
    """The API has no such route."""
    return Problem(404, "unknown-route", "The route does not exist.", route)


def unknown_image() -> Problem:
    """There is no such image, or none that the caller may see."""
    return Problem(404, "unknown-image", "The image does not exist.")


def unknown_variant() -> Problem:
    """The image has no such variant, or none yet."""
    return Problem(404, "unknown-variant", "The image has no variant of this name.")


def unknown_batch() -> Problem:
    """There is no such batch, or none that the caller may see."""
    return Problem(404, "unknown-batch", "The batch does not exist.")


def not_pending() -> Problem:
    """An image that is to be uploaded has been already."""
    return Problem(409, "not-pending", "The image is not PENDING any more.", "Announce it as a new one.")


def unidentified_caller() -> Problem:
    """The caller cannot be distinguished from another: a token without a subject, for instance."""
    return Problem(403, "unidentified-caller", "The credentials do not say whose they are.")


def busy() -> Problem:
    """The table takes no more for now, or somebody else changes the same image all the time."""
    return Problem(503, "busy", "The service is busy; try again.", retry_after=1)


def quota_exceeded(limit: int, *, unit: QuotaUnit, resets_at: str, retry_after: int) -> Problem:
    """The caller may announce no more in this hour, or nothing as large; from `resets_at` on it may."""
    title = "The quota of this hour is used up."
    detail = f"At most {limit} {unit} per hour; the quota resets at {resets_at}."
    members = {"limit": limit, "unit": unit, "resetsAt": resets_at}
    return Problem(429, "quota-exceeded", title, detail, retry_after=retry_after, **members)


def too_large(size: int, limit: int, advice: str = "") -> Problem:
    """A file is larger than what is accepted (bytes)."""
    detail = f"{size} bytes; at most {limit}. {advice}".strip()
    return Problem(413, "too-large", "The file is too large.", detail, limit=limit)


def unsupported_content_type(content_type: str, supported: list[str]) -> Problem:
    """A file is declared to be of a type that is not accepted."""
    title = "The content type is not accepted."
    detail = f"'{content_type[:100]}' is not one of {', '.join(supported)}."
    return Problem(415, "unsupported-content-type", title, detail)


def unrecognized_bytes(supported: list[str]) -> Problem:
    """A file of undeclared type does not start like one that is accepted."""
    title = "The content type is not accepted."
    detail = f"The bytes do not start like one of {', '.join(supported)}."
    return Problem(415, "unsupported-content-type", title, detail)


def internal() -> Problem:
    """The service failed; the request may be repeated."""
    return Problem(500, "internal-error", "The service failed to answer; try again.")
