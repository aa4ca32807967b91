"""Every kind of pixels with every option of a preset in every output format."""

import itertools
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.rendering.originals import encoded, picture, png_chunk, rendered, variant

FITS, POSITIONS, OUTPUTS = (
    ("cover", "contain", "fill"),
    ("centre", "attention"),
    ("jpeg", "webp", "avif", "png"),
)
MODES = {
    "JPEG": ("1", "L", "RGB", "CMYK", "YCbCr"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I;16", "I;16B", "I", "F",
             "PA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "AVIF": ("L", "LA", "RGB", "RGBA", "I;16"),
    "HEIF": ("L", "LA", "RGB", "RGBA", "I;16"),
}  # fmt: skip


def _image(mode: str, size: tuple[int, int]) -> Image.Image:
    if mode in {"I;16", "I;16B", "I", "F"}:
        return picture(*size, "L").convert("I").point(lambda value: value * 257).convert(mode)
    if mode == "PA":
        return picture(*size, "RGBA").convert("LA").convert("PA")
    if mode == "LAB":
        return picture(*size).convert("LAB")
    return picture(*size, "RGBA").convert(mode) if mode in {"LA", "RGBA"} else picture(*size).convert(mode)


def _original(kind: str, mode: str, size: tuple[int, int], *, transparent: bool) -> bytes:
    image = _image(mode, size)
    if transparent and kind == "PNG" and mode in {"1", "L", "P", "RGB", "I;16"}:
        return encoded(image, kind, transparency=(0, 0, 0) if mode == "RGB" else 0)
    if transparent and kind == "GIF":
        return encoded(image.convert("P"), kind, transparency=0)
    return encoded(image, kind)


CASES = [
    (kind, mode, transparent)
    for kind, modes in MODES.items()
    for mode in modes
    for transparent in (False, True)
]


def _readable(case: tuple[str, str, bool]) -> bool:
    kind, mode, transparent = case
    try:
        _original(kind, mode, (40, 30), transparent=transparent)
    except (OSError, KeyError, ValueError):  # a mode that Pillow does not write in this format
        return False
    return True


WRITABLE = [case for case in CASES if _readable(case)]


def test_most_modes_can_be_written():
    assert len(WRITABLE) > 70
    assert {kind for kind, _, _ in WRITABLE} == set(MODES)


@pytest.mark.parametrize(("kind", "mode", "transparent"), WRITABLE)
def test_an_image_in_any_mode_is_rendered_with_any_preset(kind, mode, transparent):
    lines = [
        f"p{number} 24x24 {fit} {output} position={position}{enlarge}"
        for number, (fit, output, position, enlarge) in enumerate(
            itertools.product(FITS, OUTPUTS, POSITIONS, ("", " enlarge"))
        )
    ]
    data = _original(kind, mode, (40, 30), transparent=transparent)
    for start in range(0, len(lines), 12):
        assert len(rendered(data, *lines[start : start + 12]).variants) == 13


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    case=st.sampled_from(WRITABLE),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    box=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    options=st.tuples(
        st.sampled_from(FITS),
        st.sampled_from(OUTPUTS),
        st.sampled_from(POSITIONS),
        st.sampled_from(("", " enlarge")),
    ),
)
def test_an_image_of_any_size_is_rendered_into_any_box(case, size, box, options):
    kind, mode, transparent = case
    fit, output, position, enlarge = options
    recipe = f"{box[0]}x{box[1]} {fit} {output} position={position}{enlarge}"
    shown = variant(_original(kind, mode, size, transparent=transparent), recipe)
    assert shown.width <= max(box[0], size[0])
    assert shown.height <= max(box[1], size[1])


def _png(depth: int, colour_type: int, *chunks: bytes) -> bytes:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, depth, colour_type, 0, 0, 0))
    row = bytes((index * 37) & 0xFF for index in range(-(-40 * channels * depth // 8)))
    body = png_chunk(b"IDAT", zlib.compress((b"\0" + row) * 30))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + png_chunk(b"IEND", b"")


PNGS = {
    f"{depth} bits, type {colour_type}, {'keyed' if keyed else 'plain'}": _png(
        depth,
        colour_type,
        *([png_chunk(b"PLTE", bytes(range(256)) * 3)] if colour_type == 3 else []),
        *([png_chunk(b"tRNS", {0: b"\0\0", 2: bytes(6), 3: bytes(9)}[colour_type])] if keyed else []),
    )
    for colour_type, depths in {
        0: (1, 2, 4, 8, 16),
        2: (8, 16),
        3: (1, 2, 4, 8),
        4: (8, 16),
        6: (8, 16),
    }.items()
    for depth in depths
    for keyed in ((False, True) if colour_type in {0, 2, 3} else (False,))
}


@pytest.mark.parametrize("name", PNGS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_png_of_any_depth_and_colour_type_is_rendered(name, output):
    lines = [
        f"{fit}-{position} 24x24 {fit} {output} position={position}" for fit in FITS for position in POSITIONS
    ]
    assert len(rendered(PNGS[name], *lines).variants) == 7
