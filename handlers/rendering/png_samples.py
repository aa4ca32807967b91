"""The samples of a PNG, whose row filters libvips undoes in strips; ISA-L inflates them."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from handlers.rendering import vector_code
from handlers.rendering.geometry import Size

try:
    from isal import isal_zlib
except ImportError:  # an accelerator only
    isal_zlib = None  # type: ignore[assignment]

MAGIC = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
# Kinds of pictures, of one byte a sample and in one pass, whose row filters vector code undoes.
_MODES = {GREY: "L", RGB: "RGB", RGBA: "RGBA"}
# Fewer pixels are not worth the calls.
_WORTH_VECTOR_CODE = 512 * 512
_STRIP_BYTES = 1 << 20
_STORED_BLOCK = 65_535
_COMPRESSED_AT_ONCE = 1 << 16
INFLATE_AT_ONCE = 1 << 20


def inflater() -> Any:
    """A decompressor of ISA-L with the interface of zlib's; None where ISA-L is not installed."""
    return isal_zlib.decompressobj() if isal_zlib else None


@dataclass(frozen=True)
class Samples:
    """Compressed samples in one pass: what IHDR says of them, and the bodies of IDAT."""

    size: Size
    depth: int
    colour_type: int
    compressed: list[memoryview]

    def are_for_vector_code(self) -> bool:
        """Whether `strips` reads them here: a common kind, worth the calls, and the libraries are there."""
        common = self.depth == 8 and self.colour_type in _MODES
        worth = self.size[0] * self.size[1] >= _WORTH_VECTOR_CODE
        return common and worth and bool(isal_zlib) and vector_code.library() is not None

    @property
    def mode(self) -> str:
        """Pillow's name for what one pixel has."""
        return _MODES[self.colour_type]

    @property
    def row_bytes(self) -> int:
        """The bytes of a row, with the one that names its filter."""
        return 1 + len(self.mode) * self.size[0]


def strips(samples: Samples, multiple: int = 1) -> Iterator[Image.Image]:
    """The picture in strips that fit the processor's cache, their rows a multiple of what is given.

    To the decoder, each is a picture whose first row is the last one of the strip above.
    """
    width, samples_a_row = samples.size[0], samples.row_bytes - 1
    above = bytes(samples.row_bytes)
    for rows in _filtered(samples, max(1, _STRIP_BYTES // samples.row_bytes // multiple) * multiple):
        count = len(rows) // samples.row_bytes
        png = _uncompressed((above, rows), (width, 1 + count), samples.colour_type)
        pixels = memoryview(vector_code.decoded_png(png, (width, 1 + count), len(samples.mode)))
        above = b"\0" + bytes(pixels[-samples_a_row:])
        yield Image.frombytes(samples.mode, (width, count), pixels[samples_a_row:])


def _filtered(samples: Samples, at_once: int) -> Iterator[bytes]:
    """Inflated rows, `at_once` at a time, and those left over. Raises EOFError if one is missing."""
    missing = samples.row_bytes * samples.size[1]
    pieces, held = [], 0
    for piece in _inflated_pieces(samples.compressed):
        pieces.append(piece)
        held += len(piece)
        while held >= (strip := min(missing, at_once * samples.row_bytes)):
            inflated = b"".join(pieces)
            yield inflated[:strip]
            missing -= strip
            if not missing:
                return
            pieces, held = [inflated[strip:]], held - strip
    raise EOFError


def _inflated_pieces(compressed: Iterable[memoryview]) -> Iterator[bytes]:
    inflate = inflater()
    for body in compressed:
        for start in range(0, len(body), _COMPRESSED_AT_ONCE):
            pending: bytes | memoryview = body[start : start + _COMPRESSED_AT_ONCE]
            while pending and not inflate.eof:
                yield inflate.decompress(pending, INFLATE_AT_ONCE)
                pending = inflate.unconsumed_tail


def _uncompressed(parts: Iterable[bytes], size: Size, colour_type: int) -> bytearray:
    """Filtered rows as a PNG whose samples are stored, not compressed."""
    png = bytearray(MAGIC + _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, colour_type, 0, 0, 0)))
    start, adler = len(png), 1
    png += b"\0\0\0\0IDAT\x78\x01"
    for part in parts:
        for block in stored_blocks(part):
            png += block
        adler = isal_zlib.adler32(part, adler)
    png += b"\1\0\0\xff\xff" + struct.pack(">I", adler)
    png[start : start + 4] = struct.pack(">I", len(png) - start - 8)
    with memoryview(png) as written:
        checksum = isal_zlib.crc32(written[start + 4 :])
    png += struct.pack(">I", checksum) + _chunk(b"IEND", b"")
    return png


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def stored_blocks(data: bytes) -> Iterator[bytes]:
    """Stored blocks (RFC 1951, 3.2.4) of a zlib stream that goes on: of each the header, then the bytes."""
    for start in range(0, len(data), _STORED_BLOCK):
        block = data[start : start + _STORED_BLOCK]
        yield struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF)
        yield block
