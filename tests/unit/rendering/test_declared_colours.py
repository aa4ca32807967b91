"""Colours, transparency and orientation that a file states outside an ICC profile and EXIF."""

import struct
import zlib

import pytest
from PIL import Image

from bench.render.display_p3 import display_p3
from handlers.rendering.colour_spaces import of_code_points, of_gamma
from handlers.rendering.isobmff import code_points
from tests.unit.rendering.originals import (
    encoded,
    jpeg_segment,
    jpeg_with,
    near,
    png_chunk,
    png_with,
    quarters,
    rendered,
    variant,
)
from tests.unit.rendering.profiles import delta_e, p3_to_srgb

JUST_NOTICEABLE = 2.3
COLOUR = (200, 100, 50)
P3_CHROMATICITIES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
PNG = encoded(Image.new("RGB", (64, 64), COLOUR), "PNG")


def _shown(data: bytes):
    return variant(data, "32x32 contain png").getpixel((5, 5))


def _png(*chunks: tuple[bytes, bytes], data: bytes = PNG) -> bytes:
    return png_with(data, *(png_chunk(kind, body) for kind, body in chunks))


def _gamma(hundred_thousandths: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", hundred_thousandths)


def _chromaticities(values) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def _to_srgb(value: float, exponent: float) -> int:
    linear = (value / 255) ** exponent
    return round(255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055))


DISPLAY_P3 = {
    "cICP": _png((b"cICP", bytes((12, 13, 0, 1)))),
    "cICP before a profile": _png(
        (b"cICP", bytes((12, 13, 0, 1))), (b"iCCP", b"x\0\0" + zlib.compress(b"not a profile"))
    ),
    "cICP before sRGB": _png((b"cICP", bytes((12, 13, 0, 1))), (b"sRGB", b"\0")),
    "gAMA and cHRM": _png(_gamma(45455), _chromaticities(P3_CHROMATICITIES)),
    "cHRM alone": _png(_chromaticities(P3_CHROMATICITIES)),
}


@pytest.mark.parametrize("name", DISPLAY_P3)
def test_a_png_that_declares_display_p3_looks_the_same_in_srgb(name):
    # gAMA can only approximate the curve of Display P3.
    assert delta_e(_shown(DISPLAY_P3[name]), p3_to_srgb(COLOUR)) < 2 * JUST_NOTICEABLE


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_an_avif_or_heic_that_declares_display_p3_looks_the_same_in_srgb(kind):
    data = encoded(Image.new("RGB", (64, 64), COLOUR), kind, quality=95)
    at = data.index(b"nclx") + 4
    declared = data[:at] + struct.pack(">HH", 12, 13) + data[at + 4 :]
    assert code_points(declared) == (12, 13)
    assert delta_e(_shown(declared), p3_to_srgb(COLOUR)) < JUST_NOTICEABLE
    assert delta_e(_shown(data), COLOUR) < JUST_NOTICEABLE


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_an_embedded_profile_comes_before_code_points(kind):
    data = encoded(Image.new("RGB", (64, 64), COLOUR), kind, quality=95, icc_profile=display_p3())
    assert delta_e(_shown(data), p3_to_srgb(COLOUR)) < JUST_NOTICEABLE


@pytest.mark.parametrize("gamma", [100_000, 55_556, 38_462])
def test_a_gamma_is_applied(gamma):
    expected = tuple(_to_srgb(value, 100_000 / gamma) for value in COLOUR)
    assert near(_shown(_png(_gamma(gamma))), expected, 2)


@pytest.mark.parametrize("image", [Image.new("L", (64, 64), 100), Image.new("I;16", (64, 64), 100 * 257)])
def test_a_gamma_is_applied_to_grey(image):
    shown = variant(_png(_gamma(100_000), data=encoded(image, "PNG")), "32x32 contain png").convert("RGB")
    assert near(shown.getpixel((5, 5)), (_to_srgb(100, 1.0),) * 3, 2)


SRGB = {
    "nothing": _png(),
    "its own chunk": _png((b"sRGB", b"\0"), _gamma(100_000)),
    "its gamma": _png(_gamma(45455)),
    "its gamma and chromaticities": _png(_gamma(45455), _chromaticities(SRGB_CHROMATICITIES)),
    "its code points": _png((b"cICP", bytes((1, 13, 0, 1)))),
    "those of BT.709": _png((b"cICP", bytes((1, 1, 0, 1)))),
    "unknown code points": _png((b"cICP", bytes((200, 13, 0, 1)))),
    "unspecified code points": _png((b"cICP", bytes((2, 2, 0, 1)))),
    "code points that are cut off": _png((b"cICP", b"\x0c\x0d")),
    "a matrix that PNG does not have": _png((b"cICP", bytes((12, 13, 5, 1)))),
    "a gamma of nothing": _png(_gamma(0)),
    "an absurd gamma": _png(_gamma(2**32 - 1)),
    "a tiny gamma": _png(_gamma(1)),
    "chromaticities of nothing": _png(_chromaticities([0] * 8)),
    "chromaticities on one line": _png(_chromaticities([30_000] * 8)),
    "absurd chromaticities": _png(_chromaticities([2**32 - 1] * 8)),
    "a white without light": _png(_chromaticities((0, 1, *P3_CHROMATICITIES[2:]))),
    "chunks that are cut off": _png((b"gAMA", b"\1"), (b"cHRM", b"\2")),
}


@pytest.mark.parametrize("name", SRGB)
def test_what_declares_srgb_or_nonsense_stays_as_it_is(name):
    assert _shown(SRGB[name]) == COLOUR


@pytest.mark.parametrize("transfer", [16, 18])
def test_the_reference_white_of_hdr_becomes_white_and_the_middle_stays_below(transfer):
    white, middle = {16: (148, 90), 18: (191, 110)}[transfer]
    shades = [
        _shown(
            _png(
                (b"cICP", bytes((9, transfer, 0, 1))),
                data=encoded(Image.new("RGB", (64, 64), (v,) * 3), "PNG"),
            )
        )
        for v in (middle, white, 255)
    ]
    assert near(shades[1], (255,) * 3, 4)
    assert shades[2] == (255, 255, 255)
    assert 60 < shades[0][0] < 160


def test_every_pair_of_code_points_is_a_profile_or_none():
    for primaries in range(256):
        for transfer in range(256):
            profile = of_code_points.__wrapped__(primaries, transfer)
            assert profile is None or profile[36:40] == b"acsp"


@pytest.mark.parametrize("grey", [False, True])
def test_every_gamma_is_a_profile_or_none(grey):
    for gamma in (0, 1, 9_999, 10_000, 45_455, 100_000, 1_000_000, 2**32 - 1):
        for points in ((), P3_CHROMATICITIES, (0,) * 8, (1,) * 8, (100_000,) * 8):
            profile = of_gamma(gamma, points, grey=grey)
            assert profile is None or profile[36:40] == b"acsp"


def _keyed(depth: int, colour_type: int, row: bytes, key: bytes) -> bytes:
    """A PNG of 64 x 64 whose left half has the transparent colour."""
    header = struct.pack(">IIBBBBB", 64, 64, depth, colour_type, 0, 0, 0)
    body = zlib.compress((b"\0" + row) * 64)
    chunks = ((b"IHDR", header), (b"tRNS", key), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, each) for kind, each in chunks)


KEYED = {
    "grey of 1 bit": _keyed(1, 0, b"\0" * 4 + b"\xff" * 4, struct.pack(">H", 0)),
    "grey of 2 bits": _keyed(2, 0, b"\x55" * 8 + b"\xff" * 8, struct.pack(">H", 1)),
    "grey of 4 bits": _keyed(4, 0, b"\x55" * 16 + b"\xcc" * 16, struct.pack(">H", 5)),
    "grey of 8 bits": _keyed(8, 0, b"\x09" * 32 + b"\xcc" * 32, struct.pack(">H", 9)),
    "grey of 16 bits": _keyed(16, 0, b"\3\xe8" * 32 + b"\3\xe9" * 32, struct.pack(">H", 1000)),
    "colours of 8 bits": _keyed(8, 2, b"\1\2\3" * 32 + b"\xcc" * 96, struct.pack(">3H", 1, 2, 3)),
    "colours of 16 bits": _keyed(
        16, 2, b"\1\0\2\0\3\0" * 32 + b"\xcc" * 192, struct.pack(">3H", 256, 512, 768)
    ),
}


@pytest.mark.parametrize("position", ["centre", "attention"])
@pytest.mark.parametrize("name", KEYED)
def test_the_transparent_colour_of_a_png_is_transparent_at_every_depth(name, position):
    alpha = variant(KEYED[name], f"32x32 cover png position={position}").getchannel("A")
    assert (alpha.getpixel((2, 9)), alpha.getpixel((29, 9))) == (0, 255)


WIDE = quarters(64, 32)
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
XMP_ELEMENT = b"<x:xmpmeta><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>"
_TURNED = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, 3, 1, 6)
_UPRIGHT = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, 3, 1, 1)
_DIGITS = b"\nexif\n      26\n" + _TURNED.hex().encode() + b"\n"
SIDEWAYS = {
    "jpeg": jpeg_with(encoded(WIDE, "JPEG"), jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
    "jpeg with an element": jpeg_with(
        encoded(WIDE, "JPEG"), jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP_ELEMENT)
    ),
    "png": png_with(encoded(WIDE, "PNG"), png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "png, compressed": png_with(
        encoded(WIDE, "PNG"), png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))
    ),
    "png, as text": png_with(encoded(WIDE, "PNG"), png_chunk(b"tEXt", b"Raw profile type exif\0" + _DIGITS)),
    "png, as compressed text": png_with(
        encoded(WIDE, "PNG"), png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(_DIGITS))
    ),
    "webp": encoded(WIDE, "WEBP", lossless=True, xmp=XMP),
    "tiff": encoded(WIDE, "TIFF", tiffinfo={700: XMP}),
    "avif": encoded(WIDE, "AVIF", xmp=XMP, quality=95),
}


@pytest.mark.parametrize("name", SIDEWAYS)
def test_an_orientation_that_exif_does_not_state_is_followed(name):
    facts = rendered(SIDEWAYS[name]).facts
    assert (facts.width, facts.height) == (32, 64)
    assert near(
        variant(SIDEWAYS[name], "32x64 contain png").convert("RGB").getpixel((24, 8)), (255, 0, 0), 40
    )


def test_exif_comes_before_xmp():
    data = jpeg_with(
        encoded(WIDE, "JPEG"),
        jpeg_segment(0xE1, _UPRIGHT),
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
    )
    assert rendered(data).facts.width == 64


@pytest.mark.parametrize("text", [b"", b"\0\0junk", b"\nexif\n9\nzz", b"\nexif\n9\n0", b"\xff" * 99])
def test_a_text_that_states_no_orientation_is_ignored(text):
    for kind in (b"tEXt", b"zTXt", b"iTXt"):
        for keyword in (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0"):
            assert rendered(png_with(encoded(WIDE, "PNG"), png_chunk(kind, keyword + text))).facts.width == 64
