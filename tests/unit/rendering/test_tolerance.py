"""Originals that deviate a little and that every browser shows."""

import io
import struct

import pytest
from PIL import Image

from handlers.contract.rejections import FormatNotAllowed, ImageRejected, TooManyPixels, Truncated
from tests.unit.rendering.bitmaps import bitmap
from tests.unit.rendering.originals import (
    SMALL,
    encoded,
    near,
    picture,
    png_chunk,
    png_with,
    rendered,
    variant,
)

JPEGS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "full chroma": {"subsampling": 0},
    "with restarts": {"restart_marker_rows": 1},
}


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_only_its_end_marker_is_rendered_like_a_whole_one(kind, missing):
    whole = encoded(picture(601, 403), "JPEG", **JPEGS[kind])
    recipe = "large 1600x1600 contain webp"
    assert rendered(whole[:-missing], recipe).variants == rendered(whole, recipe).variants


@pytest.mark.parametrize("missing", [4, 6, 12, 40, 400])
@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_pixels_as_well_is_truncated(kind, missing):
    with pytest.raises(Truncated):
        rendered(encoded(picture(601, 403), "JPEG", quality=95, **JPEGS[kind])[:-missing])


def test_a_jpeg_that_ends_in_an_empty_start_of_scan_is_rejected():
    jpeg = SMALL["jpeg"]
    for ending in (b"\xff\xda\0\2", b"\xff\xda\0\3\1", b"\xff\xda\0\7" + b"\1" * 5):
        with pytest.raises(ImageRejected):
            rendered(jpeg[: jpeg.index(b"\xff\xda")] + ending)


_REDS = b"\0\0\xff\0" * 256
BITMAPS = {
    "two bits": bitmap(2, b"\x55\x55\0\0" * 8, palette=b"\xff\xff\xff\0\0\0\xff\0" + bytes(8)),
    "ten bits a channel": bitmap(
        32, struct.pack("<I", 1023 << 20) * 64, compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF)
    ),
    "eleven, eleven and ten bits": bitmap(
        32, struct.pack("<I", 2047 << 21) * 64, compression=3, masks=(0x7FF << 21, 0x7FF << 10, 0x3FF)
    ),
    "red first": bitmap(32, struct.pack("<I", 0xFF) * 64, compression=3, masks=(0xFF, 0xFF00, 0xFF0000)),
    "two, three and one bit": bitmap(
        16, struct.pack("<H", 0x30) * 64, compression=3, masks=(0x30, 0x0E, 0x01)
    ),
    "four bits a channel and alpha": bitmap(
        16, struct.pack("<H", 0xFF00) * 64, header=56, compression=3, masks=(0xF00, 0xF0, 0xF, 0xF000)
    ),
    "no mask for green": bitmap(16, struct.pack("<H", 0xF800) * 64, compression=3, masks=(0xF800, 0, 0x1F)),
    "masks of alpha behind the header": bitmap(
        32, struct.pack("<I", 0xFFFF0000) * 64, compression=6, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    ),
    "a header of 16 bytes": bitmap(8, bytes(64), header=16, palette=_REDS),
    "a header of 24 bytes": bitmap(8, bytes(64), header=24, palette=_REDS),
    "a header of 64 bytes": bitmap(8, bytes(64), header=64, palette=_REDS),
    "a palette of 300 colours": bitmap(8, bytes(64), colours=300, palette=_REDS + bytes(4 * 44)),
    "rows from the top": bitmap(2, b"\x55\x55\0\0" * 8, size=(8, -8), palette=b"\0\0\0\0\0\0\xff\0" * 2),
}


@pytest.mark.parametrize("name", BITMAPS)
def test_an_unusual_bitmap_shows_its_colours(name):
    assert near(variant(BITMAPS[name], "8x8 contain png").convert("RGB").getpixel((4, 4)), (255, 0, 0), 1)


def test_the_rows_of_an_unusual_bitmap_are_in_order():
    rows = [b"\x55\x55\0\0"] * 4 + [b"\0\0\0\0"] * 4
    palette = b"\xff\0\0\0\0\0\xff\0" + bytes(8)
    for size, top, bottom in (((8, 8), (0, 0, 255), (255, 0, 0)), ((8, -8), (255, 0, 0), (0, 0, 255))):
        shown = variant(bitmap(2, b"".join(rows), size=size, palette=palette), "8x8 contain png").convert(
            "RGB"
        )
        assert (shown.getpixel((4, 0)), shown.getpixel((4, 7))) == (top, bottom)


_TWO = b"\xff\0\0\0\0\0\xff\0"  # blue, red
RUNS = {
    "runs": (8, 1, b"\4\1\4\0\0\0" * 4 + b"\0\1"),
    "runs without an end": (8, 1, b"\4\1\4\0\0\0" * 4),
    "runs that end early": (8, 1, b"\4\1\0\0" * 4 + b"\0\1"),
    "a run that is too long": (8, 1, b"\4\1\xff\0\0\0" * 4),
    "pixels as they are": (8, 1, b"\0\5\1\1\1\1\0\0\3\0\0\0" * 4),
    "half bytes": (4, 2, b"\4\x11\4\0\0\0" * 4),
    "half bytes as they are": (4, 2, b"\0\5\x11\x11\0\0\3\0\0\0" * 4),
    "a jump": (8, 1, b"\0\2\0\1\4\1\0\0" + b"\4\1\0\0" * 2),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_bitmap_of_run_lengths_shows_its_colours(name):
    bits, compression, runs = RUNS[name]
    data = bitmap(bits, runs, size=(8, 4), compression=compression, colours=2, palette=_TWO)
    shown = variant(data, "8x4 contain png").convert("RGB")
    assert [shown.getpixel((x, 1)) for x in (0, 3, 4, 7)] == [(255, 0, 0)] * 2 + [(0, 0, 255)] * 2


def test_bitmaps_of_run_lengths_are_read_as_pillow_reads_them():
    rows = [bytes((1, index)) for index in range(200)]
    data = bitmap(
        8, b"\0\0".join(b"".join(rows[:100]) for _ in range(50)), size=(100, 50), compression=1,
        palette=bytes(each for value in range(256) for each in (value, 255 - value, value // 2, 0)),
    )  # fmt: skip
    with Image.open(io.BytesIO(data)) as opened:
        expected = opened.convert("RGB").tobytes()
    assert variant(data, "100x50 contain png").convert("RGB").tobytes() == expected


def test_a_large_bitmap_of_masks_is_put_together_from_bands():
    body = b"".join(struct.pack("<I", (row & 1023) << 20) * 1100 for row in range(1024))
    shown = variant(
        bitmap(32, body, size=(1100, 1024), compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF)),
        "1100x1024 contain png",
    )
    for row in (0, 500, 1023):
        assert near(shown.getpixel((5, row)), ((1023 - row) // 4, 0, 0), 1)


@pytest.mark.parametrize(
    "data",
    [
        bitmap(1, bytes(64), header=64, compression=3, palette=_REDS),
        bitmap(24, bytes(192), header=64, compression=4),
        bitmap(0, SMALL["jpeg"], compression=4),
        bitmap(64, bytes(512)),
        bitmap(32, bytes(256), compression=3, masks=(0xF0F0, 0xFF, 0xFF)),
    ],
)
def test_a_bitmap_that_is_not_decoded_is_in_a_format_that_is_not_allowed(data):
    with pytest.raises(FormatNotAllowed):
        rendered(data)


def test_an_apng_whose_first_frame_control_is_missing_shows_its_picture():
    animated = SMALL["apng"]
    at = animated.index(b"fcTL") - 4
    assert rendered(animated[:at] + animated[at + 12 + 26 :]).facts.frames == 2


def test_an_apng_whose_frames_are_out_of_order_shows_its_picture():
    body = SMALL["png"]
    more = png_chunk(b"acTL", struct.pack(">II", 5, 0)) + png_chunk(b"fdAT", b"\0\0\0\7junk")
    assert rendered(png_with(body, more)).facts.width == 120


@pytest.mark.parametrize("size", [(0, 0), (0, 80), (120, 0)])
def test_a_gif_whose_screen_has_no_size_has_that_of_its_first_frame(size):
    gif = SMALL["gif"]
    facts = rendered(gif[:6] + struct.pack("<HH", *size) + gif[10:]).facts
    assert (facts.width, facts.height) == (120, 80)


def _tiff_with(tag: int, kind: int, value: int) -> bytes:
    """A TIFF with one of its entries replaced: the type of its values, and the value."""
    data = bytearray(encoded(picture(), "TIFF", icc_profile=b"x" * 200))
    (at,) = struct.unpack_from("<I", data, 4)
    for entry in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<HHII", data, entry, tag, kind, 1, value)
            return bytes(data)
    raise AssertionError(f"no tag {tag}")


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 7, 10, 11, 12])
def test_a_tiff_whose_profile_has_another_type_is_rendered_without_it(kind):
    assert rendered(_tiff_with(34675, kind, 8)).facts.width == 120


@pytest.mark.parametrize("compression", [9, 34676, 34712, 50001, 50002])
def test_a_tiff_of_a_compression_that_is_not_decoded_is_in_a_format_that_is_not_allowed(compression):
    with pytest.raises(FormatNotAllowed, match=str(compression)):
        rendered(_tiff_with(259, 3, compression))


def test_a_heic_too_large_for_its_decoder_has_too_many_pixels():
    data = encoded(picture(64, 48), "HEIF")  # whose pixels are stored as 64 x 64, and cropped
    coded = struct.pack(">II", 64, 64)
    with pytest.raises(TooManyPixels, match="40000x40000"):
        rendered(data.replace(coded, struct.pack(">II", 40_000, 40_000)))
