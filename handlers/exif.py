"""The one fact an original's EXIF block is read for: its orientation."""

import struct

_ORIENTATION = 0x0112
_SHORT = 3


def orientation(exif: bytes | None) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) if there is none or the block is damaged.

    Reads the first directory only, in place: a general EXIF reader copies what every entry points
    at, and entries that all point at the same megabytes have kept such readers busy for minutes.
    """
    if not exif:
        return 1
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return 1
    (entries,) = struct.unpack_from(order + "H", block, start)
    for at in range(start + 2, min(start + 2 + 12 * entries, len(block) - 11), 12):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", block, at)
        if tag == _ORIENTATION:
            return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    return 1
