"""No original takes more than linear time to read, whatever it repeats."""

import struct
import zlib

import pytest

from bench.metadata.originals import dataset, packet, resource
from handlers.rendering import exif, isobmff, raw_files
from handlers.rendering.metadata import exif as exif_facts
from handlers.rendering.metadata import iptc, xmp
from tests.unit.growth import grows_linearly
from tests.unit.rendering.bitmaps import bitmap
from tests.unit.rendering.originals import (
    SMALL,
    encoded,
    jpeg_segment,
    jpeg_with,
    picture,
    png_chunk,
    png_with,
    rendered,
)
from tests.unit.rendering.profiles import profile_of_stages

JPEG, PNG, GIF, WEBP, TIFF = (SMALL[kind] for kind in ("jpeg", "png", "gif", "webp", "tiff"))
_FIRST_FRAME = GIF.index(b",", 13 + 3 * 256)
_EMPTY_TIFF = b"II*\0\x08\0\0\0"


def _tiff_of_offsets(count: int) -> bytes:
    """A picture of strips that all lie at the same place."""
    entries = [
        (256, 4, 1, 8), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, 8 + 2 + 12 * 8 + 4), (278, 4, 1, 1), (279, 4, count, 8 + 2 + 12 * 8 + 4),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return _EMPTY_TIFF + struct.pack("<H", len(entries)) + directory + bytes(4) + bytes(4 * count)


ORIGINALS = {
    "jpeg of fill bytes": lambda n: b"\xff\xd8" + b"\xff" * n,
    "jpeg of fill bytes and zeros": lambda n: b"\xff\xd8" + b"\xff\0" * (n // 2),
    "jpeg of fill bytes before a marker": lambda n: jpeg_with(JPEG, b"\xff" * n),
    "jpeg of empty comments": lambda n: jpeg_with(JPEG, b"\xff\xfe\0\2" * (n // 4)),
    "jpeg of tiny application segments": lambda n: jpeg_with(JPEG, b"\xff\xed\0\3x" * (n // 5)),
    "jpeg of markers that stand alone": lambda n: jpeg_with(JPEG, b"\xff\x01" * (n // 2)),
    "jpeg of restart markers": lambda n: JPEG[:-2] + b"\xff\xd0" * (n // 2) + JPEG[-2:],
    "jpeg of comments in its scan": lambda n: JPEG[:-2] + b"\xff\xfe\0\2" * (n // 4) + JPEG[-2:],
    "jpeg of tables": lambda n: jpeg_with(JPEG, jpeg_segment(0xDB, b"\0" + b"\1" * 64) * (n // 69)),
    "jpeg without its end": lambda n: JPEG[:-2] + b"\0" * n,
    "png of empty chunks": lambda n: png_with(PNG, png_chunk(b"abCd", b"") * (n // 12)),
    "png of empty pixel data": lambda n: png_with(PNG, png_chunk(b"IDAT", b"") * (n // 12)),
    "png of compressed profiles": lambda n: png_with(
        PNG, png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000))) * (n // 250)
    ),
    "png of compressed texts": lambda n: png_with(
        PNG, png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(200_000))) * (n // 270)
    ),
    "png of broken digits": lambda n: png_with(
        PNG, png_chunk(b"tEXt", b"Raw profile type exif\0\n\n\n" + b"4" * n)
    ),
    "gif of empty extensions": lambda n: GIF[:_FIRST_FRAME] + b"!\xfe\0" * (n // 3) + GIF[_FIRST_FRAME:],
    "gif of a long comment": lambda n: (
        GIF[:_FIRST_FRAME] + b"!\xfe" + b"\1x" * (n // 2) + b"\0" + GIF[_FIRST_FRAME:]
    ),
    "gif of garbage": lambda n: GIF[:_FIRST_FRAME] + b"\1" * n + GIF[_FIRST_FRAME:],
    "gif of many frames": lambda n: GIF[:-1] + GIF[_FIRST_FRAME:-1] * (n // len(GIF)) + b";",
    "webp of empty chunks": lambda n: WEBP + b"abcd\0\0\0\0" * (n // 8),
    "tiff of strips": lambda n: _tiff_of_offsets(n // 16),
    "tiff of pages": lambda n: _EMPTY_TIFF + b"".join(
        struct.pack("<HI", 0, 8 + 6 * page) for page in range(1, n // 6)
    ),
    "bmp of single pixels": lambda n: bitmap(
        8, b"\1\5" * (n // 2), size=(2_000, n // 4_000), compression=1, palette=bytes(1024)
    ),
    "bmp of ends of lines": lambda n: bitmap(
        8, b"\0\0" * (n // 2), size=(1, n // 2), compression=1, palette=bytes(1024)
    ),
    "avif of empty boxes": lambda n: SMALL["avif"] + b"\0\0\0\x08free" * (n // 8),
    "heic of empty boxes": lambda n: SMALL["heic"] + b"\0\0\0\x08free" * (n // 8),
    "profile of stages": lambda n: encoded(picture(), "PNG", icc_profile=profile_of_stages(n // 100)),
}  # fmt: skip


@pytest.mark.parametrize("name", ORIGINALS)
def test_an_original_is_read_in_linear_time(name):
    assert grows_linearly(rendered, ORIGINALS[name], 100_000)


def _of_xmp(packet: bytes) -> int:
    return exif.orientation(None, packet)


def _xmp(body: str, count: int) -> bytes:
    return packet(body * (count // len(body)))


def _of_following(count: int) -> bytes:
    """Directories that follow each other, each with two below it that lie at the same place."""
    entry = struct.pack("<HHII", 330, 4, 2, 8)
    one = 2 + 60 * len(entry) + 4
    return b"II*\0\x08\0\0\0" + b"".join(
        struct.pack("<H", 60) + entry * 60 + struct.pack("<I", 8 + one * number)
        for number in range(1, count // one)
    )


# Beyond the megabyte that is read of a block, its size costs nothing: these are all below it.
PARTS = {
    "exif of entries": (exif.orientation, lambda n: b"II*\0\x08\0\0\0\xff\xff" + bytes(n)),
    "xmp that begins again": (_of_xmp, lambda n: b"tiff:Orientation" * (n // 16)),
    "xmp of quotes": (_of_xmp, lambda n: b'tiff:Orientation="' * (n // 18)),
    "boxes": (isobmff.code_points, lambda n: b"\0\0\0\x08free" * (n // 8)),
    "boxes in boxes": (
        isobmff.code_points, lambda n: b"".join(struct.pack(">I4s", n - at, b"meta") for at in range(0, n, 8))
    ),
    "raw file of directories": (raw_files.kind_of, _of_following),
}  # fmt: skip
METADATA = {
    "exif of entries that share a text": (
        exif_facts.read,
        lambda n: b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000)
        + struct.pack("<HHII", 0x13B, 2, 1 << 31, 8) * (n // 12),
    ),
    "exif of long texts": (
        exif_facts.read,
        lambda n: b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x10F, 2, n, 40) + b" Co." * (n // 4),
    ),
    "iptc of empty datasets": (iptc.read, lambda n: dataset(80, b"") * (n // 5)),
    "iptc of datasets of other records": (iptc.read, lambda n: dataset(80, b"", record=3) * (n // 5)),
    "iptc of resources": (iptc.read, lambda n: resource(1028, b"") * (n // 12)),
    "iptc of resources that overlap": (
        iptc.read, lambda n: (b"8BIM\x04\x04\0\0" + struct.pack(">I", n)) * (n // 12)
    ),
    "xmp of empty elements": (xmp.read, lambda n: _xmp("<dc:x/>", n)),
    "xmp of creators": (xmp.read, lambda n: _xmp("<dc:creator>x</dc:creator>", n)),
    "xmp of items": (
        xmp.read, lambda n: packet("<dc:creator><rdf:Seq>" + "<rdf:li>x</rdf:li>" * (n // 18))
    ),
    "xmp of nested elements": (xmp.read, lambda n: packet("<a>" * (n // 3))),
    "xmp of nested declarations": (xmp.read, lambda n: packet('<a xmlns:dc="urn:x">' * (n // 20))),
    "xmp of declarations": (
        xmp.read, lambda n: packet("<a " + " ".join(f"xmlns:a{at}='u'" for at in range(n // 16)) + "/>")
    ),
    "xmp of a namespace as long as the rest": (
        xmp.read, lambda n: packet(f'<a:b xmlns:a="{"u" * (n // 2)}">' + "<a:b/>" * (n // 12))
    ),
    "xmp of attributes": (
        xmp.read, lambda n: packet("<a " + " ".join(f"dc:a{at}='u'" for at in range(n // 14)) + "/>")
    ),
    "xmp of a long text": (xmp.read, lambda n: packet(f"<dc:rights>{'x ' * (n // 2)}</dc:rights>")),
    "xmp of references": (xmp.read, lambda n: packet(f"<dc:rights>{'&amp;' * (n // 5)}</dc:rights>")),
    "xmp of a tag without an end": (xmp.read, lambda n: packet(f"<dc:rights {'x' * n}")),
    "xmp of less-than signs": (xmp.read, lambda n: b"<" * n),
    "xmp of comments": (xmp.read, lambda n: _xmp("<!---->", n)),
    "xmp of entities": (
        xmp.read,
        lambda n: b"<!DOCTYPE x [" + b"".join(b'<!ENTITY e%d "x">' % at for at in range(n // 18)) + b"]><x/>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_an_original_is_read_in_linear_time(name):
    read, make = PARTS[name]
    assert grows_linearly(read, make, 1_000_000)


@pytest.mark.parametrize("name", METADATA)
def test_metadata_is_read_in_linear_time(name):
    read, make = METADATA[name]
    assert grows_linearly(read, make, 250_000)
