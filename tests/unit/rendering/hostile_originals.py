"""Bytes that claim to be an image and mean harm: name → (bytes, the outcomes that are right).

What takes long to make is made when it is asked for.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

from tests.unit.rendering.bitmaps import bitmap
from tests.unit.rendering.originals import (
    ORIENTATION,
    SMALL,
    encoded,
    jpeg_segment,
    jpeg_with,
    picture,
    png_chunk,
    png_with,
)
from tests.unit.rendering.profiles import profile_of_stages

OK = "ok"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://169.254.169.254/'/></svg>"


@cache
def corpus() -> dict[str, tuple[bytes | Callable[[], bytes], set[str]]]:
    """Every hostile original by name."""
    return {**_disguises(), **_bombs(), **_lies(), **_metadata(), **_polyglots()}


def hostile(name: str) -> tuple[bytes, set[str]]:
    """The bytes of one original, and what rendering it may end as."""
    made, right = corpus()[name]
    return (made if isinstance(made, bytes) else made()), right


def _disguises():
    foreign = {"FormatNotAllowed"}
    return {
        "zero bytes": (b"", {"EmptyObject"}),
        "one byte": (b"\xff", {"NotAnImage"}),
        "text": (b"Lorem ipsum dolor sit amet" * 50, {"NotAnImage"}),
        "html": (b"<!DOCTYPE html><title>x</title>", {"NotAnImage"}),
        "zip": (b"PK\x03\x04" + b"\0" * 100, {"NotAnImage"}),
        "zeros": (b"\0" * 100_000, {"NotAnImage"}),
        "noise": (random.Random(1).randbytes(100_000), {"NotAnImage"}),
        "svg": (SVG, foreign),
        "svg after a byte order mark": (b"\xef\xbb\xbf\n  " + SVG, foreign),
        "svg in xml": (b"<?xml version='1.0'?>" + SVG, foreign),
        "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n", foreign),
        "eps with a preview": (b"\xc5\xd0\xd3\xc6" + b"\0" * 200, foreign),
        "pdf": (b"%PDF-1.7\n", foreign),
        "icon": (encoded(picture(16, 16), "ICO"), foreign),
        "psd": (b"8BPS\0\1" + b"\0" * 100, foreign),
        "jpeg 2000": (encoded(picture(16, 16), "JPEG2000"), foreign),
        "ppm": (encoded(picture(16, 16), "PPM"), foreign),
        "big tiff": (b"II+\0\x08\0\0\0" + b"\0" * 100, foreign),
        "mp4": (b"\0\0\0\x20ftypisom" + b"\0" * 100, foreign),
        "magic only": (b"\xff\xd8\xff", {"Truncated"}),
    }


def _bombs():
    """Small files of many pixels."""
    too_many = {"TooManyPixels", "TooMuchMemory"}
    big = {OK, *too_many}

    def flat(mode, side, kind, **options):
        return lambda: encoded(Image.new(mode, (side, side)), kind, **options)

    return {
        "png bomb": (lambda: _png(15_000, 15_000, 0), too_many),
        "png bomb without pixels": (_png(100_000, 100_000, 0, body=b""), too_many),
        "gif bomb": (flat("L", 9_000, "GIF"), too_many),
        "webp bomb": (_sized_webp(16_383, 16_383), too_many),
        "tiff bomb": (flat("L", 15_000, "TIFF", compression="tiff_adobe_deflate"), too_many),
        "fax bomb": (flat("1", 30_000, "TIFF", compression="group4"), too_many),
        "avif bomb": (_avif_bomb(), too_many | {"NotAnImage", "Truncated"}),
        "jpeg bomb": (_jpeg_of(65_500, 65_500), too_many),
        "long jpeg": (_jpeg_of(65_500, 8), {"TooManyPixels"}),
        "png at the limit": (flat("RGB", 7_070, "PNG", compress_level=1), big),
        "rgba png near the limit": (flat("RGBA", 5_900, "PNG", compress_level=1), big),
        "webp at the limit": (flat("RGB", 7_070, "WEBP", method=0), big),
        "lossless webp near the limit": (
            flat("RGBA", 5_900, "WEBP", lossless=True, method=0, quality=0),
            big,
        ),
        "progressive jpeg at the limit": (flat("RGB", 7_070, "JPEG", progressive=True, subsampling=0), big),
        "cmyk jpeg near the limit": (flat("CMYK", 6_700, "JPEG", progressive=True), big),
        "avif near the limit": (flat("RGB", 6_500, "AVIF", speed=10), big),
        "large heic": (flat("RGB", 2_500, "HEIF", quality=10), big),
        "jpeg of a thousand scans": (lambda: _scans(1_000), {"TooComplex"}),
        "jpeg of sixty scans": (lambda: _scans(60), {OK, "TooComplex", "Truncated"}),
        "arithmetic jpeg": (SMALL["jpeg"].replace(b"\xff\xc0", b"\xff\xc9"), {"FormatNotAllowed"}),
        "twelve-bit jpeg": (_twelve_bit(), {"FormatNotAllowed"}),
    }


def _lies():
    """Headers that contradict what follows."""
    jpeg, png = SMALL["jpeg"], SMALL["png"]
    damaged = {"Truncated", "NotAnImage"}
    frame = jpeg.index(b"\xff\xc0")
    taller = jpeg[: frame + 5] + b"\x17\x70" + jpeg[frame + 7 :]
    two_frames = jpeg[: jpeg.index(b"\xff\xda")] + _frame(9_000, 9_000) + jpeg[jpeg.index(b"\xff\xda") :]
    gif = SMALL["gif"]
    return {
        "jpeg taller than its data": (taller, {*damaged, OK}),
        "jpeg with two frame headers": (two_frames, {"NotAnImage", "TooManyPixels", "Truncated"}),
        "jpeg without a frame": (jpeg[:frame] + jpeg[jpeg.index(b"\xff\xda") :], damaged),
        "jpeg full of garbage": (jpeg[:2] + b"\0" * 5_000_000 + jpeg[2:], {"NotAnImage"}),
        "jpeg full of fill bytes": (jpeg[:2] + b"\xff" * 5_000_000 + jpeg[2:], {OK, *damaged}),
        "jpeg of fill bytes alone": (b"\xff\xd8" + b"\xff" * 40_000_000, damaged),
        "jpeg of millions of comments": (
            lambda: jpeg_with(jpeg, b"\xff\xfe\0\2" * 12_000_000),
            {"TooComplex"},
        ),
        "jpeg of millions of tiny segments": (
            lambda: jpeg_with(jpeg, b"\xff\xed\0\3x" * 10_000_000),
            {"TooComplex"},
        ),
        "jpeg of millions of markers": (lambda: jpeg_with(jpeg, b"\xff\x01" * 20_000_000), {"TooComplex"}),
        "jpeg of an empty scan": (jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xda\0\2", damaged),
        "gif of one endless comment": (
            lambda: gif[:781] + b"!\xfe" + b"\1x" * 20_000_000 + b"\0" + gif[781:],
            {"TooComplex"},
        ),
        "bmp of single pixels": (
            lambda: bitmap(8, b"\1\5" * 20_000_000, size=(5_000, 4_000), compression=1, palette=bytes(1024)),
            {"TooComplex"},
        ),
        "tiff of single-pixel tiles": (_tiles(5_000, 1), {"TooComplex"}),
        "tiff of a table of tiles": (_tiles(8, 16, table=2_000_000), {"TooComplex", "TooMuchMetadata"}),
        "profile of a million stages": (
            encoded(picture(), "WEBP", icc_profile=profile_of_stages(100_000)),
            {OK},
        ),
        "png of thousands of profiles": (
            png_with(png, png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(900_000))) * 1_900),
            {OK},
        ),
        "png wider than its data": (png[:16] + struct.pack(">II", 6_000, 80) + png[24:], {*damaged, OK}),
        "png of no width": (png[:16] + struct.pack(">II", 0, 80) + png[24:], damaged),
        "png with two headers": (
            png_with(png, png_chunk(b"IHDR", struct.pack(">IIBBBBB", 9_999, 9_999, 8, 2, 0, 0, 0))),
            damaged,
        ),
        "png of a million chunks": (png_with(png, png_chunk(b"abCd", b"") * 1_000_000), {"TooComplex"}),
        "png with a wrong checksum": (png[:29] + b"\0\0\0\0" + png[33:], {*damaged, OK}),
        "webp with two sizes": (_two_sizes(), damaged),
        "webp of a million chunks": (SMALL["webp"] + b"abcd\0\0\0\0" * 1_000_000, {"TooComplex"}),
        "gif frame outside its canvas": (
            gif[:6] + struct.pack("<HH", 10, 10) + gif[10:],
            {OK, *damaged},
        ),
        "gif of a million extensions": (
            gif[:13] + b"\x21\xfe\0" * 1_000_000 + gif[13:],
            {"TooComplex", "NotAnImage", "TooManyPixels"},
        ),
        "gif of endless garbage": (gif[:13] + b"\x01" * 5_000_000, {*damaged, "TooComplex"}),
        "avif that is cut off": (SMALL["avif"][:200], damaged),
        "heic that is cut off": (SMALL["heic"][:200], damaged),
        "avif called heic": (SMALL["avif"].replace(b"ftypavif", b"ftypheic"), {OK, *damaged}),
        "heic called avif": (SMALL["heic"].replace(b"ftypheic", b"ftypavif"), {OK, *damaged}),
        "tiff that is its own next page": (_cyclic_tiff(), {OK}),
        "tiff whose strips lie outside": (_tiff({273: 0x7FFFFFFF}), damaged),
        "tiff of a million pages": (lambda: _long_tiff(1_000_000), {OK, *damaged}),
        "bmp with a huge palette": (
            SMALL["bmp"][:46] + b"\xff\xff\xff\x7f" + SMALL["bmp"][50:],
            {OK, *damaged},
        ),
        "bmp of negative width": (
            SMALL["bmp"][:18] + b"\xff\xff\xff\xff" + SMALL["bmp"][22:],
            {*damaged, "TooManyPixels"},
        ),
    }


def _metadata():
    jpeg, png = SMALL["jpeg"], SMALL["png"]
    too_much = {"TooMuchMetadata"}
    harmless = {OK}
    bomb = zlib.compress(b"\0" * 50_000_000)
    segments = 64_000 // 12
    # Every entry of this directory points at the same 64 KiB.
    entries = struct.pack("<HHII", 0x9286, 7, 64_000, 0) * segments
    greedy = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", segments) + entries
    return {
        "jpeg of greedy exif": (jpeg_with(jpeg, jpeg_segment(0xE1, greedy[:65_000])), harmless),
        "jpeg of much greedy exif": (
            jpeg_with(jpeg, *[jpeg_segment(0xE1, greedy[:65_000])] * 30),
            harmless,
        ),
        "jpeg of endless icc": (
            jpeg_with(
                jpeg,
                *[
                    jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes((i, 60)) + b"\0" * 65_000)
                    for i in range(1, 61)
                ],
            ),
            too_much,
        ),
        "jpeg of unnumbered icc": (jpeg_with(jpeg, *[jpeg_segment(0xE2, b"ICC_PROFILE\0")] * 9), harmless),
        "jpeg whose exif points at itself": (
            jpeg_with(
                jpeg,
                jpeg_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0i\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"),
            ),
            harmless,
        ),
        "jpeg of an impossible orientation": (
            jpeg_with(
                jpeg,
                jpeg_segment(
                    0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", ORIENTATION, 3, 1, 99)
                ),
            ),
            harmless,
        ),
        "png text bomb": (png_with(png, png_chunk(b"zTXt", b"a\0\0" + bomb)), {*too_much, OK}),
        "png text bombs": (png_with(png, *[png_chunk(b"iTXt", b"a\0\1\0\0\0" + bomb)] * 50), {*too_much, OK}),
        "png profile bomb": (png_with(png, png_chunk(b"iCCP", b"a\0\0" + bomb)), {*too_much, OK}),
        "png of long text": (png_with(png, png_chunk(b"tEXt", b"a\0" + b"x" * 5_000_000)), too_much),
        "webp of a long profile": (encoded(picture(), "WEBP", icc_profile=b"x" * 5_000_000), too_much),
        "tiff of greedy entries": (_greedy_tiff, {*too_much, "NotAnImage"}),
    }


def _polyglots():
    return {
        "jpeg that is also a zip": (SMALL["jpeg"] + b"PK\x03\x04" + b"\0" * 500, {OK}),
        "gif that is also a script": (
            b"GIF89a/*" + SMALL["gif"][8:] + b"*/=1;alert(1)",
            {OK, "Truncated", "NotAnImage", "TooManyPixels"},
        ),
        "png that goes on as html": (SMALL["png"] + b"<script>alert(1)</script>", {OK}),
        "jpeg with a png behind": (SMALL["jpeg"] + SMALL["png"], {OK}),
        "pdf with a jpeg inside": (b"%PDF-1.7\n" + SMALL["jpeg"], {"FormatNotAllowed"}),
    }


def _png(width: int, height: int, colour_type: int, body: bytes | None = None) -> bytes:
    row = zlib.compressobj(9)
    if body is None:
        body = b"".join(row.compress(b"\0" * (width + 1)) for _ in range(height)) + row.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


def _frame(width: int, height: int) -> bytes:
    return jpeg_segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + b"\1\x22\0\2\x11\1\3\x11\1")


def _jpeg_of(width: int, height: int) -> bytes:
    jpeg = SMALL["jpeg"]
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _twelve_bit() -> bytes:
    at = SMALL["jpeg"].index(b"\xff\xc0")
    return SMALL["jpeg"][: at + 4] + b"\x0c" + SMALL["jpeg"][at + 5 :]


def _scans(count: int) -> bytes:
    """A large progressive JPEG whose last scan, an empty refinement, comes again and again."""
    jpeg = encoded(Image.new("RGB", (4_000, 3_000), (200, 90, 10)), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * count + b"\xff\xd9"


def _avif_bomb() -> bytes:
    data = SMALL["avif"]
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]


def _sized_webp(width: int, height: int) -> bytes:
    return SMALL["webp"][:26] + struct.pack("<HH", width, height) + SMALL["webp"][30:]


def _two_sizes() -> bytes:
    data = encoded(picture(mode="RGBA"), "WEBP")
    return data[:24] + b"\xff\x3f\0\xff\x3f\0" + data[30:]


def _tiles(side: int, tile: int, table: int = 1) -> bytes:
    """A grey TIFF of so many pixels a side in LZW tiles, whose table has so many entries."""
    entries = [
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 5), (262, 3, 1, 1), (277, 3, 1, 1),
        (322, 3, 1, tile), (323, 3, 1, tile), (324, 4, table, 8), (325, 4, table, 8),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(4 + 4 * table)


def _tiff(changed: dict[int, int]) -> bytes:
    data = bytearray(SMALL["tiff"])
    (at,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, at)[0]):
        tag, kind, count = struct.unpack_from("<HHI", data, at + 2 + 12 * entry)
        if tag in changed:
            struct.pack_into("<HHII", data, at + 2 + 12 * entry, tag, kind, count, changed[tag])
    return bytes(data)


def _cyclic_tiff() -> bytes:
    data = bytearray(SMALL["tiff"])
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * entries, at)
    return bytes(data)


def _long_tiff(pages: int) -> bytes:
    data = bytearray(SMALL["tiff"])
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * entries, len(data))
    chain = io.BytesIO()
    for page in range(1, pages + 1):
        chain.write(struct.pack("<HI", 0, len(data) + 6 * page if page < pages else 0))
    return bytes(data) + chain.getvalue()


def _greedy_tiff() -> bytes:
    count = 60_000
    body = b"\0" * 5_000_000
    directory = 8 + len(body)
    entries = struct.pack("<HHII", 700, 7, len(body), 8) * count
    return b"II*\0" + struct.pack("<I", directory) + body + struct.pack("<H", count) + entries + b"\0\0\0\0"
