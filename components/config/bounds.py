"""What a single configuration value may be, and how it is read from the text the CLI passes."""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol


class Bound(Protocol):
    """Says whether a value is allowed."""

    def refusal(self, value: Any) -> str | None:
        """Why `value` is not allowed, as the end of a sentence that starts with it; or None."""


@dataclass(frozen=True)
class Between:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int

    def refusal(self, value: Any) -> str | None:
        """None if the number lies within."""
        return None if self.low <= value <= self.high else f"is not between {self.low} and {self.high}"


class OneOf:
    """One of a few values."""

    def __init__(self, *allowed: str | int) -> None:
        self.allowed = allowed

    def refusal(self, value: Any) -> str | None:
        """None if the value is one of them."""
        return None if value in self.allowed else f"is not one of {', '.join(map(str, self.allowed))}"


def read(kind: Any, text: str) -> Any:
    """The value of type `kind` (str, bool, int or tuple[str, ...]) that `text` stands for.

    Raises ValueError with the end of a sentence that starts with the text.
    """
    if kind is str:
        return text
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError("is not a boolean (true or false)")
        return text == "true"
    if kind is int:
        if not re.fullmatch("-?[0-9]+", text):
            raise ValueError("is not an integer")
        return int(text)
    return _strings(text)


def _strings(text: str) -> tuple[str, ...]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("is not an array of strings")
    return tuple(items)
