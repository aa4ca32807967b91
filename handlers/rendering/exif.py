"""The one fact an original's EXIF block, or else its XMP packet, is read for: its orientation."""

import re
import struct

_ORIENTATION = 0x0112
_SHORT = 3
# As an attribute or as an element, as Pillow looks for it.
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


def orientation(exif: bytes | None, xmp: bytes | None = None) -> int:
    """The orientation, 1 to 8: EXIF's if it states one, else XMP's, else 1 (upright)."""
    stated = _stated(exif) if exif else 0
    if stated or not xmp:
        return stated or 1
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else 1


def _stated(exif: bytes) -> int:
    """The EXIF orientation; 0 if there is none or the block is damaged.

    Reads the first directory only, in place: a general EXIF reader copies what every entry points
    at, and entries that all point at the same megabytes have kept such readers busy for minutes.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return 0
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return 0
    (entries,) = struct.unpack_from(order + "H", block, start)
    for at in range(start + 2, min(start + 2 + 12 * entries, len(block) - 11), 12):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", block, at)
        if tag == _ORIENTATION:
            # XMP is not asked where EXIF states nonsense.
            return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    return 0
