"""Words and numbers for people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Console


class Terminal(Console):
    """A console on which no text acts: names, ids and errors come from anybody.

    Each text is one line of printable characters, without markup and emoji codes. Everything that is
    printed goes through here; in tables and other parts of Rich, text is passed to `shown` first.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as Rich does. A line break in a text is no exception: lines are separate objects."""
        super().print(*(shown(each) if isinstance(each, str) else each for each in objects), **options)

    def out(self, *objects: Any, **options: Any) -> None:
        """Print JSON, which escapes every control character itself, except the last of ASCII."""
        super().out(*(shown(str(each).replace("\x7f", "\\u007f")) for each in objects), **options)


# Results go to standard output, everything that is said about them to standard error.
results: Final = Terminal()
messages: Final = Terminal(stderr=True)


def shown(text: str) -> str:
    """Text that cannot move the cursor nor hide: what is not printable becomes a replacement character."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def size(count: float) -> str:
    """Bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as 0:05, 12:00 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(moment: datetime, *, seconds: bool = False) -> str:
    """The time of day of a moment with a zone, and the name of the zone."""
    return f"{moment:%H:%M:%S %Z}" if seconds else f"{moment:%H:%M %Z}"


def fields(values: Mapping[str, object]) -> list[str]:
    """Names and values in two columns, one pair per line."""
    width = max(map(len, values), default=0)
    return [f"{name:<{width}}  {value}" for name, value in values.items()]
