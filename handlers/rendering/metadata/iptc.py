"""IPTC: By-line, Credit and Copyright Notice of the Information Interchange Model (IPTC-IIM 4.2).

https://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf, chapters 1 and 6; the image resources of
Photoshop around them: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from handlers.rendering.metadata.text import decoded, one_line

# Of Photoshop, and of others that write the same: https://exiftool.org/TagNames/Photoshop.html
_RESOURCES: Final = {b"8BIM", b"PHUT", b"DCSR", b"AgHg"}
_IPTC_RESOURCE: Final = 0x0404
_TAG_MARKER, _APPLICATION_RECORD = 0x1C, 2
_BY_LINE, _CREDIT, _COPYRIGHT = 80, 110, 116
# Far more than any writer needs.
_MAX_RESOURCES: Final = 1_000
_MAX_DATASETS: Final = 10_000
_EXTENDED: Final = 0x8000


@dataclass(frozen=True, kw_only=True)
class Iptc:
    """What is read of IPTC; texts are empty where they are absent."""

    by_lines: tuple[str, ...] = ()
    credit: str = ""
    copyright: str = ""


def read(block: bytes) -> Iptc:
    """Read IIM datasets, alone or among image resources. What is damaged or absent is left empty."""
    found: dict[int, list[str]] = {_BY_LINE: [], _CREDIT: [], _COPYRIGHT: []}
    for at, stop in _positions(block):
        for number, start, end in _datasets(block, at, stop):
            if number in found and (text := one_line(decoded(block[start:end]))):
                found[number].append(text)
    return Iptc(
        by_lines=tuple(found[_BY_LINE]),
        credit=next(iter(found[_CREDIT]), ""),
        copyright=next(iter(found[_COPYRIGHT]), ""),
    )


def _positions(block: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the datasets, which may be divided between resources."""
    if block[:4] not in _RESOURCES:
        yield 0, len(block)
        return
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] not in _RESOURCES or at + 12 > len(block):
            return
        kind = int.from_bytes(block[at + 4 : at + 6], "big")
        named = at + 6 + (block[at + 6] + 2) // 2 * 2  # a name, padded to an even length with its count
        start = named + 4
        size = int.from_bytes(block[named:start], "big")
        if kind == _IPTC_RESOURCE:
            yield start, start + size
        at = start + size + size % 2


def _datasets(block: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each dataset of the application record, as far as they are whole."""
    end = min(end, len(block))
    for _ in range(_MAX_DATASETS):
        if at + 5 > end or block[at] != _TAG_MARKER:
            return
        record, number, size = block[at + 1], block[at + 2], int.from_bytes(block[at + 3 : at + 5], "big")
        at += 5
        if size & _EXTENDED:  # the length of the length
            width = min(size & ~_EXTENDED, 8)
            size = int.from_bytes(block[at : at + width], "big")
            at += width
        if at + size > end:
            return
        if record == _APPLICATION_RECORD:
            yield number, at, at + size
        at += size
