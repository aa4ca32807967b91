"""Which of two S3 events about an image wins: the order of their sequencers."""

import re

from handlers.contract.rows import Row

_HEX = re.compile(r"[0-9A-F]+")


def settles(standing: Row, row: Row) -> bool:
    """Whether `standing` makes `row` unnecessary: it is newer, or the same work done before."""
    sequencer = standing.get("Sequencer", "")
    if sequencer != row["Sequencer"]:
        return sequencer > row["Sequencer"]
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
