"""Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), in which AVIF and HEIC come."""

import struct
from collections.abc import Iterator

_MAX_BOXES = 4096
# The way to the properties of the pictures, and what precedes the boxes inside (a version and flags).
_TO_PROPERTIES = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0))


def code_points(data: bytes) -> tuple[int, int] | None:
    """Colour primaries and transfer characteristics (ITU-T H.273) of the pictures in a file.

    None if no property states them (nclx, ISO/IEC 14496-12, 12.1.5), or if several differ.
    """
    start, end = 0, len(data)
    for wanted, preamble in _TO_PROPERTIES:
        found = next(((a, b) for kind, a, b in _boxes(data, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found[0] + preamble, found[1]
    stated = {
        struct.unpack_from(">HH", data, a + 4)
        for kind, a, b in _boxes(data, start, end)
        if kind == b"colr" and data[a : a + 4] == b"nclx" and b - a >= 8
    }
    return stated.pop() if len(stated) == 1 else None


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the body of each box between two offsets, as far as they are whole."""
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and body + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if size == 0 else at + size
        if stop < body or stop > end:
            return
        yield kind, body, stop
        at = stop
