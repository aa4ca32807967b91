"""BMP files, field by field."""

import struct


def bitmap(bits, body, *, size=(8, 8), header=40, compression=0, colours=0, masks=(), palette=b"") -> bytes:
    """A BMP with a header of so many bytes; `masks` stand in it from 52 bytes on, else behind it."""
    info = struct.pack(
        "<IiiHHIIiiII", header, *size, 1, bits, compression, len(body), 2835, 2835, colours, 0
    )[:header]
    packed = b"".join(struct.pack("<I", mask) for mask in masks)
    info, packed = (info + packed, b"") if header >= 52 else (info, packed)
    info = info.ljust(header, b"\0")
    offset = 14 + len(info) + len(packed) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + info + packed + palette + body
