"""Files that were good once: changed byte by byte, field by field and part by part."""

import random
import struct

from bench.fuzz.originals import originals
from bench.fuzz.structure import fields_of, parts_of, repaired

_MAX_BYTES = 6_000_000
_REPEATS = (2, 3, 20, 500, 5_000, 60_000)
_NUMBERS = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 32, 64, 127, 128, 255, 256, 257, 32_767, 32_768, 65_535, 65_536),
    *(1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1),
)
_BYTES = (0, 1, 2, 3, 0x7F, 0x80, 0xC0, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xE1, 0xFE, 0xFF)


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """The name of a format, and a file that is or was of that format."""
    kind = chance.choice(sorted(originals()))
    data = chance.choice(originals()[kind])
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        change = chance.choice((_byte, _byte, _field, _field, _field, _part, _part, _cut, _insert, _splice))
        data = change(chance, kind, data)[:_MAX_BYTES]
    return kind, repaired(kind, data) if chance.random() < 0.8 else data


def _byte(chance: random.Random, _: str, data: bytes) -> bytes:
    changed = bytearray(data)
    for _count in range(chance.choice((1, 1, 4, 30))):
        if changed:
            # Headers decide more than pixels do.
            at = (
                chance.randrange(len(changed))
                if chance.random() < 0.5
                else chance.randrange(min(len(changed), 400))
            )
            changed[at] = (
                chance.choice(_BYTES) if chance.random() < 0.5 else changed[at] ^ (1 << chance.randrange(8))
            )
    return bytes(changed)


def _field(chance: random.Random, kind: str, data: bytes) -> bytes:
    fields = [(at, size) for at, size in fields_of(kind, data) if at + size <= len(data)]
    if not fields:
        return data
    at, size = chance.choice(fields)
    order = chance.choice(("<", ">")) if kind == "TIFF" else "<" if kind in {"BMP", "GIF", "WEBP"} else ">"
    value = chance.choice((*_NUMBERS, len(data), chance.randrange(1 << 16)))
    packed = struct.pack(order + {1: "B", 2: "H", 4: "I"}[size], value & ((1 << 8 * size) - 1))
    return data[:at] + packed + data[at + size :]


def _part(chance: random.Random, kind: str, data: bytes) -> bytes:
    parts = parts_of(kind, data)
    at = chance.randrange(len(parts))
    what = chance.randrange(5)
    if what == 0:
        del parts[at]
    elif what == 1:
        repeats = min(chance.choice(_REPEATS), _MAX_BYTES // max(1, len(parts[at])))
        parts[at : at + 1] = [parts[at]] * max(1, repeats)
    elif what == 2:
        chance.shuffle(parts)
    elif what == 3:
        other = parts_of(kind, chance.choice(originals()[kind]))
        parts.insert(at, chance.choice(other))
    else:
        parts[at] = parts[at][: chance.randrange(len(parts[at]) + 1)]
    return b"".join(parts)


def _cut(chance: random.Random, _: str, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _insert(chance: random.Random, _: str, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    some = bytes([chance.choice(_BYTES)]) * chance.choice((1, 4, 100, 50_000, 2_000_000))
    return (
        data[:at] + (some if chance.random() < 0.7 else chance.randbytes(min(len(some), 1_000))) + data[at:]
    )


def _splice(chance: random.Random, _: str, data: bytes) -> bytes:
    other = chance.choice(originals()[chance.choice(sorted(originals()))])
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]
