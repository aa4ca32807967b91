"""WebP: lossy pictures straight to their planes, the rest to RGBA, animations through Pillow.

Pillow reads every WebP as an animation: 16 bytes of memory a pixel, and colour conversions that
are undone again. The codec in Pillow's own wheel can hand out the planes it decodes to, at a
tenth of the memory and half the time; where it cannot be found (a Pillow built otherwise), Pillow
itself does the work. Container: RFC 9649, section 2.
"""

import ctypes
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from PIL import Image

from handlers.contract.presets import Limits
from handlers.contract.rejections import NotAnImage, TooComplex, Truncated
from handlers.rendering import colour, exif
from handlers.rendering.codec_libraries import bundled
from handlers.rendering.decode_budget import MAX_CHUNKS, check_metadata, check_size, decoding
from handlers.rendering.geometry import Size
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, of_whole

_ICC, _ALPHA, _ANIMATION = 0x20, 0x10, 0x02
_METADATA = {b"ICCP", b"EXIF", b"XMP "}

# BT.601 with headroom, as WebP stores it, to the full range of JPEG's YCbCr.
_LUMA = [min(255, max(0, round((value - 16) * 255 / 219))) for value in range(256)]
_CHROMA = [min(255, max(0, round((value - 128) * 255 / 224 + 128))) for value in range(256)]


@dataclass
class _Header:
    size: Size = (0, 0)
    kind: bytes = b""
    flags: int = 0
    frames: int = 0
    metadata: int = 0
    described: dict[bytes, bytes] = field(default_factory=dict)


def read(data: bytes, limits: Limits) -> Original:
    """Read the chunks of a WebP. Raises ImageRejected if it is none or exceeds the limits."""
    header = _header(data)
    check_metadata(limits, header.metadata)
    animated = bool(header.flags & _ANIMATION)
    direct = not animated and _codec() is not None
    lossy = direct and header.kind == b"VP8 " and not header.flags & _ALPHA
    check_size(limits, *header.size, 6 if lossy else 12 if direct else 20)
    return Original(
        format="WEBP",
        size=header.size,
        orientation=exif.orientation(header.described.get(b"EXIF"), header.described.get(b"XMP ")),
        frames=min(max(1, header.frames), limits.max_frames),
        bit_depth=8,
        profile=header.described.get(b"ICCP"),
        decode=partial(_lossy if lossy else _rgba if direct else _with_pillow, data, header.size),
        metadata=MetadataBlocks(exif=header.described.get(b"EXIF"), xmp=header.described.get(b"XMP ")),
    )


def _lossy(data: bytes, size: Size, need: Need) -> Frame:
    return _planes(data, size, need) if need.planes_serve(size) else _rgba(data, size, need)


def _planes(data: bytes, size: Size, need: Need) -> Frame:
    width, height = size
    half = ((width + 1) // 2, (height + 1) // 2)
    luma, *chroma = bytearray(width * height), bytearray(half[0] * half[1]), bytearray(half[0] * half[1])
    arguments: list[object] = [data, len(data)]
    for plane, stride in zip((luma, *chroma), (width, half[0], half[0]), strict=True):
        arguments += [_address(plane), len(plane), stride]
    if not _codec().WebPDecodeYUVInto(*arguments):
        raise Truncated("WebP")
    factor = need.shrinks_by()
    images = [
        _grey(plane, each).reduce(factor).point(table)
        for plane, each, table in zip(
            (luma, *chroma), (size, half, half), (_LUMA, _CHROMA, _CHROMA), strict=True
        )
    ]
    return Frame(images[0], (1 / factor, 1 / factor), tuple(images[1:]), (0.5 / factor, 0.5 / factor))


def _rgba(data: bytes, size: Size, need: Need) -> Frame:
    pixels = bytearray(4 * size[0] * size[1])
    if not _codec().WebPDecodeRGBAInto(data, len(data), _address(pixels), len(pixels), 4 * size[0]):
        raise Truncated("WebP")
    image = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1)
    return of_whole(colour.resizable(image), need)


def _with_pillow(data: bytes, size: Size, need: Need) -> Frame:
    from PIL import WebPImagePlugin  # noqa: PLC0415 - animations are rare

    with decoding(Truncated):
        image = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
        if image.size != size:
            raise NotAnImage("two sizes")
        image.load()
        return of_whole(colour.resizable(image), need)


def _grey(plane: bytearray, size: Size) -> Image.Image:
    return Image.frombuffer("L", size, plane, "raw", "L", 0, 1)


def _address(buffer: bytearray) -> Any:
    return (ctypes.c_uint8 * len(buffer)).from_buffer(buffer)


@cache
def _codec() -> Any:
    data, plane = [ctypes.c_char_p, ctypes.c_size_t], [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    functions = {
        "WebPDecodeYUVInto": (ctypes.c_void_p, [*data, *plane * 3]),
        "WebPDecodeRGBAInto": (ctypes.c_void_p, [*data, *plane]),
    }
    return bundled("libwebp", 7, functions)


def _header(data: bytes) -> _Header:
    header = _Header()
    for kind, start, length in _chunks(data):
        if kind in _METADATA:
            header.metadata += length
            header.described.setdefault(kind, data[start : start + length])
        if kind == b"VP8X" and length >= 10 and not header.kind:
            header.flags = data[start]
            header.size = (1 + _u24(data, start + 4), 1 + _u24(data, start + 7))
        elif kind == b"ANMF":
            header.frames += 1
        elif kind in {b"VP8 ", b"VP8L"} and not header.kind:
            header.kind = kind
            size = _bitstream_size(kind, data[start : start + 10])
            if not header.flags & _ANIMATION and header.size not in {(0, 0), size}:
                raise NotAnImage("two sizes")
            header.size = header.size if header.flags & _ANIMATION else size
    if header.size == (0, 0):
        raise Truncated("no picture")
    return header


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at + 8, min(length, len(data) - at - 8)
        at += 8 + length + length % 2
    raise TooComplex(f"more than {MAX_CHUNKS} chunks")


def _bitstream_size(kind: bytes, start: bytes) -> Size:
    """From the first bytes of the bitstream: RFC 6386, 9.1 (lossy) and RFC 9649, 3.4 (lossless)."""
    if len(start) < (10 if kind == b"VP8 " else 5):
        raise Truncated("no picture header")
    if kind == b"VP8 ":
        if start[3:6] != b"\x9d\x01\x2a":
            raise NotAnImage("no key frame")
        return int.from_bytes(start[6:8], "little") & 0x3FFF, int.from_bytes(start[8:10], "little") & 0x3FFF
    bits = int.from_bytes(start[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _u24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
