"""The parts that files are made of, so that a mutation can add, drop, swap and repeat whole ones."""

import struct
import zlib
from collections.abc import Callable

_PNG_SIGNATURE = 8
_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"iref": 4, b"dinf": 0}


def parts_of(kind: str, data: bytes) -> list[bytes]:
    """A file in parts whose concatenation it is; one part if it has no structure known here."""
    split = _SPLITTERS.get(kind)
    return split(data) if split else [data]


def repaired(kind: str, data: bytes) -> bytes:
    """The file with its checksums made right, where its format has any."""
    if kind != "PNG":
        return data
    fixed = [data[:_PNG_SIGNATURE]]
    for chunk in _png(data)[1:]:
        whole = len(chunk) >= 12 and struct.unpack(">I", chunk[:4])[0] == len(chunk) - 12
        fixed.append(chunk[:-4] + struct.pack(">I", zlib.crc32(chunk[4:-4])) if whole else chunk)
    return b"".join(fixed)


def fields_of(kind: str, data: bytes) -> list[tuple[int, int]]:
    """Offset and size of fields that lengths, counts, types and sizes stand in."""
    if kind == "TIFF":
        return _tiff_fields(data)
    if kind in {"AVIF", "HEIF"}:
        return _box_fields(data, 0, len(data), 0)
    if kind == "BMP":
        return [(at, 4) for at in range(2, min(len(data), 70), 4)] + [(at, 2) for at in range(14, 40, 2)]
    fields, at = [], 0
    for part in parts_of(kind, data):
        fields += [(at + offset, size) for offset in range(0, min(len(part), 28), 2) for size in (1, 2, 4)]
        at += len(part)
    return fields


def _png(data: bytes) -> list[bytes]:
    parts, at = [data[:_PNG_SIGNATURE]], _PNG_SIGNATURE
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from(">I", data, at)[0]
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _jpeg(data: bytes) -> list[bytes]:
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] == 0xDA:  # the scan ends where the next marker stands
            while end + 1 < len(data) and not (
                data[end] == 0xFF and data[end + 1] not in {0, *range(0xD0, 0xD8)}
            ):
                end += 1
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _riff(data: bytes) -> list[bytes]:
    parts, at = [data[:12]], 12
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        end = at + 8 + size + size % 2
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _gif(data: bytes) -> list[bytes]:
    at = 13 + (3 << (data[10] & 7) + 1 if len(data) > 10 and data[10] & 0x80 else 0)
    parts = [data[:at]]
    while at + 2 < len(data) and data[at] in {0x21, 0x2C}:
        end = at + 2 if data[at] == 0x21 else at + 11
        while end < len(data) and data[end]:
            end += 1 + data[end]
        parts.append(data[at : end + 1])
        at = end + 1
    return [*parts, data[at:]]


def _boxes(data: bytes) -> list[bytes]:
    parts, at = [], 0
    while at + 8 <= len(data):
        end = at + max(8, struct.unpack_from(">I", data, at)[0])
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _box_fields(data: bytes, at: int, end: int, depth: int) -> list[tuple[int, int]]:
    fields: list[tuple[int, int]] = []
    while at + 8 <= end and depth < 8:
        size, kind = struct.unpack_from(">I4s", data, at)
        stop = min(end, at + max(8, size))
        fields += [
            (at, 4),
            *((at + offset, width) for offset in range(8, min(40, stop - at), 2) for width in (1, 2, 4)),
        ]
        if kind in _CONTAINERS:
            fields += _box_fields(data, at + 8 + _CONTAINERS[kind], stop, depth + 1)
        at = stop
    return fields


def _tiff_fields(data: bytes) -> list[tuple[int, int]]:
    order = "<" if data[:2] == b"II" else ">"
    fields = [(4, 4)]
    at = struct.unpack_from(order + "I", data, 4)[0] if len(data) >= 8 else 0
    if 0 < at <= len(data) - 2:
        count = struct.unpack_from(order + "H", data, at)[0]
        for entry in range(at + 2, min(at + 2 + 12 * count, len(data) - 12), 12):
            fields += [(entry, 2), (entry + 2, 2), (entry + 4, 4), (entry + 8, 4), (entry + 8, 2)]
    return fields


_SPLITTERS: dict[str, Callable[[bytes], list[bytes]]] = {
    "PNG": _png, "JPEG": _jpeg, "MPO": _jpeg, "WEBP": _riff, "GIF": _gif, "AVIF": _boxes, "HEIF": _boxes,
}  # fmt: skip
