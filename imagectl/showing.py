"""Words and numbers for people."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console

# Results go to standard output, everything that is said about them to standard error.
results: Final = Console(highlight=False, markup=False, soft_wrap=True)
messages: Final = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


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


def fields(values: Mapping[str, object]) -> str:
    """Names and values, one pair a line, in two columns."""
    width = max(map(len, values), default=0)
    return "\n".join(f"{name:<{width}}  {shown(str(value))}" for name, value in values.items())
