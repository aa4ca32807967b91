"""Directories of a TIFF structure (TIFF 6.0, section 2), read in place and entry by entry.

A general reader copies what every entry points at, and entries that all point at the same megabytes keep
it busy for minutes. Here nothing is copied but what is asked for, and that only up to a length.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Far more than any writer needs.
_MAX_ENTRIES: Final = 1_000
_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4, 129: 1}
_INTEGERS: Final = {3: "H", 4: "I", 13: "I"}
_TEXT: Final = {1, 2, 7, 129}  # 129 is UTF-8 (EXIF 3.0, 4.6.2); old writers also use bytes of no type


@dataclass(frozen=True)
class Directory:
    """The entries of one directory by tag, the first of each tag; `following` is the offset of the next."""

    block: bytes
    order: str
    entries: Mapping[int, tuple[int, int, bytes]]
    following: int

    def raw(self, tag: int, max_bytes: int) -> bytes:
        """The bytes of a tag's value, at most so many; empty if it is absent or lies outside of the block."""
        kind, count, stored = self.entries.get(tag, (0, 0, b""))
        size = _BYTES.get(kind, 0) * count
        if size <= len(stored):
            return stored[:size]
        at = struct.unpack(self.order + "I", stored)[0]
        return self.block[at : at + min(size, max_bytes)]

    def text(self, tag: int, max_bytes: int) -> bytes:
        """The same for a tag that holds text; empty if its value has the type of something else."""
        return self.raw(tag, max_bytes) if self.entries.get(tag, (0,))[0] in _TEXT else b""

    def integers(self, tag: int, max_values: int) -> tuple[int, ...]:
        """The first values of a tag that holds shorts or longs."""
        kind = self.entries.get(tag, (0,))[0]
        if kind not in _INTEGERS:
            return ()
        raw = self.raw(tag, _BYTES[kind] * max_values)
        values = len(raw) // _BYTES[kind]
        return struct.unpack_from(f"{self.order}{values}{_INTEGERS[kind]}", raw)


def first_directory(block: bytes) -> Directory | None:
    """The first directory of a TIFF structure; None if there is none."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return None
    return directory_at(block, order, struct.unpack_from(order + "I", block, 4)[0])


def directory_at(block: bytes, order: str, at: int) -> Directory | None:
    """The directory at an offset, as far as it is there; None if it is not. `order` is that of `struct`."""
    if not 8 <= at <= len(block) - 2:
        return None
    (count,) = struct.unpack_from(order + "H", block, at)
    end = at + 2 + 12 * count
    whole = min(count, _MAX_ENTRIES, (len(block) - at - 2) // 12)
    entries: dict[int, tuple[int, int, bytes]] = {}
    for tag, *entry in struct.iter_unpack(order + "HHI4s", block[at + 2 : at + 2 + 12 * whole]):
        entries.setdefault(tag, (entry[0], entry[1], entry[2]))
    following = struct.unpack_from(order + "I", block, end)[0] if end + 4 <= len(block) else 0
    return Directory(block, order, entries, following)
