import io
import struct

import pytest
from PIL import Image

from bench.render.display_p3 import display_p3
from handlers.contract.rejections import TooMuchMetadata
from tests.unit.rendering.originals import (
    LIMITS,
    encoded,
    jpeg_segment,
    jpeg_with,
    picture,
    png_chunk,
    png_with,
    rendered,
)

SECRET = b"59.3293N18.0686E"
RECIPES = ("a 64x64 contain jpeg", "b 64x64 contain webp", "c 64x64 contain avif", "d 64x64 contain png")


def private_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[0x1D] = SECRET.decode()
    return exif


def originals():
    exif, xmp, image = private_exif(), b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", picture(200, 150)
    thumbnail = encoded(Image.new("RGB", (16, 16), "red"), "JPEG", comment=SECRET)
    jpeg = encoded(
        image, "JPEG", exif=exif, xmp=xmp, comment=SECRET, icc_profile=display_p3(), dpi=(300, 300)
    )
    jpeg = jpeg_with(
        jpeg, jpeg_segment(0xED, b"Photoshop 3.0\0" + SECRET), jpeg_segment(0xE1, b"Exif\0\0" + thumbnail)
    )
    yield "JPEG", jpeg + SECRET
    yield (
        "PNG",
        png_with(
            encoded(image, "PNG", exif=exif, dpi=(300, 300)),
            png_chunk(b"tEXt", b"Comment\0" + SECRET),
            png_chunk(b"tIME", b"\x07\xe6\x01\x01\0\0\0"),
            png_chunk(b"prVt", SECRET),
        )
        + SECRET,
    )
    yield "WEBP", encoded(image, "WEBP", exif=exif, xmp=xmp, icc_profile=display_p3())
    yield "TIFF", encoded(image, "TIFF", exif=exif, description=SECRET.decode()) + SECRET
    yield "GIF", encoded(image, "GIF", comment=SECRET) + SECRET
    yield "AVIF", encoded(image, "AVIF", exif=exif, xmp=xmp)
    yield "HEIF", encoded(image, "HEIF", exif=exif, xmp=xmp)


@pytest.mark.parametrize("data", [pytest.param(data, id=kind) for kind, data in originals()])
def test_no_metadata_of_any_kind_survives(data):
    assert SECRET in data
    for variant in rendered(data, *RECIPES).variants.values():
        for trace in (SECRET, b"Exif", b"EXIF", b"xmp", b"XMP ", b"ICC", b"iCCP", b"Photoshop"):
            assert trace not in variant.data
        info = Image.open(io.BytesIO(variant.data)).info
        assert not {"exif", "xmp", "comment", "icc_profile", "dpi", "photoshop"} & set(info)


def test_a_jpeg_variant_has_the_segments_of_a_picture_only():
    data = next(originals())[1]
    variant = rendered(data, "a 64x64 contain jpeg").variants["a"].data
    at, markers = 2, []
    while markers[-1:] != [0xDA]:
        markers.append(variant[at + 1])
        at += 2 + struct.unpack_from(">H", variant, at + 2)[0]
    assert set(markers) <= {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
    assert variant.endswith(b"\xff\xd9")
    assert variant.count(b"\xff\xd9") == 1


def test_png_and_webp_variants_have_the_chunks_of_a_picture_only():
    variants = rendered(next(originals())[1], *RECIPES).variants
    at, kinds = 8, []
    while at < len(variants["d"].data):
        length, kind = struct.unpack_from(">I4s", variants["d"].data, at)
        kinds.append(kind)
        at += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    assert variants["b"].data[12:16] == b"VP8 "
    assert len(variants["b"].data) == 20 + struct.unpack_from("<I", variants["b"].data, 16)[0]


@pytest.mark.parametrize(
    "data",
    [
        jpeg_with(encoded(picture(), "JPEG"), *[jpeg_segment(0xE5, b"x" * 65_000)] * 40),
        png_with(encoded(picture(), "PNG"), png_chunk(b"teXt", b"x" * 3_000_000)),
        encoded(picture(), "WEBP", xmp=b"x" * 3_000_000),
        encoded(picture(), "TIFF", description="x" * 3_000_000),
        encoded(picture(), "GIF", comment=b"x" * 3_000_000),
        encoded(picture(), "AVIF", xmp=b"x" * 3_000_000),
    ],
    ids=["jpeg", "png", "webp", "tiff", "gif", "avif"],
)
def test_more_metadata_than_the_limit_is_rejected(data):
    assert len(data) > LIMITS.max_metadata_bytes
    with pytest.raises(TooMuchMetadata):
        rendered(data)
