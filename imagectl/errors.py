"""What ends a command: each error's message is for the person at the terminal."""

from typing import Any, Final

from imagectl.output import size

EXIT_NOT_ALL_READY: Final = 1
EXIT_CANNOT_CONTINUE: Final = 3
EXIT_INTERRUPTED: Final = 130

QUOTA_EXCEEDED: Final = "quota-exceeded"
_PROBLEM_TYPES: Final = "urn:image-intake:problem:"


class CannotContinue(Exception):
    """The command ends here; `hint` says what can be done about it."""

    exit_code = EXIT_CANNOT_CONTINUE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ServiceUnusable(CannotContinue):
    """The API cannot be found, cannot be reached, fails, or does not let the caller in."""


class Interrupted(CannotContinue):
    """A person stopped the command."""

    exit_code = EXIT_INTERRUPTED


class Refused(CannotContinue):
    """The API refused a request, or one item of it, with a problem document (RFC 9457).

    `code` is the last part of the problem's `type`.
    """

    def __init__(self, problem: dict[str, Any]) -> None:
        self.code = str(problem.get("type", "")).removeprefix(_PROBLEM_TYPES)
        sentences = (str(problem[member]) for member in ("title", "detail") if problem.get(member))
        super().__init__(" ".join(sentences) or "The service refused it and does not say why.")


class QuotaReached(Refused):
    """The caller has announced all that it may in an hour; in `seconds` it may go on.

    `limit` is the number of images or the size, for people.
    """

    def __init__(self, problem: dict[str, Any], seconds: int) -> None:
        super().__init__(problem)
        limit = problem.get("limit")
        in_bytes = problem.get("unit") == "bytes"
        if isinstance(limit, int):
            self.limit = size(limit) if in_bytes else f"{limit:,} images"
        else:
            self.limit = "so many bytes" if in_bytes else "so many images"
        self.seconds = seconds
