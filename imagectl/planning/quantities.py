"""Numbers and durations as people write them."""

import re
from typing import Final

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
_TIMES: Final = {"": 1, "k": 1_000, "M": 1_000_000}


def seconds_of(text: str) -> float:
    """Seconds of `1d`, `2h`, `90m`, `1h30m`, `45s`. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError(f"'{text}' is not a duration like 1d, 1h30m or 45s")
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not total:
        raise ValueError(f"'{text}' is not a time span")
    return float(total)


def number_of(text: str) -> int:
    """The number in `250000`, `1_000_000`, `20k`, `1.5M`. Raises ValueError."""
    found = _NUMBER.fullmatch(text.strip().replace("_", ""))
    number = round(float(found[1]) * _TIMES[found[2]]) if found else 0
    if not number:
        raise ValueError(f"'{text}' is not a number like 50000, 20k or 1.5M")
    return number


def dollars(amount: float) -> str:
    """An amount with as many digits as say something."""
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"
