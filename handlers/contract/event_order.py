"""Which of two S3 events about an image wins: the order of their sequencers."""

import re
from typing import Final

from handlers.contract.rows import DELETED, Row

_HEX: Final = re.compile(r"[0-9A-F]+")
# No sequencer of S3 is that long, so nothing of S3 falls between one and its successor.
_LONGER_THAN_ANY: Final = 64


def settles(standing: Row, row: Row) -> bool:
    """Whether `standing` makes `row` unnecessary: it is newer, or the same work done before."""
    sequencer = standing.get("Sequencer", "")
    if sequencer != row["Sequencer"]:
        return sequencer > row["Sequencer"]
    if standing["Status"] == DELETED:
        return True
    return standing["Status"] != "FAILED" and (
        row["Status"] == "FAILED" or standing.get("PresetHash") == row["PresetHash"]
    )


def comparable(sequencer: str) -> str:
    """A sequencer in the form in which text order is event order.

    S3 says: pad the shorter value with zeros on the right, then compare as text. Cutting the
    trailing zeros off both gives the same order, without having to know the other's length.

    Raises ValueError if it is not hexadecimal.
    """
    upper = sequencer.upper()
    if not _HEX.fullmatch(upper):
        raise ValueError(f"sequencer {sequencer[:40]!r} is not hexadecimal")
    return upper.rstrip("0") or "0"


def just_after(sequencer: str) -> str:
    """The next sequencer in the order of S3: every later event of S3 itself is later than this one.

    That of "" is before every event of S3.
    """
    return f"{sequencer:0<{_LONGER_THAN_ANY}}1"
