"""Vector code gives what Pillow gives, is not needed for a rendering, and leaves a process fit to fork."""

import os
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from handlers.contract.presets import parse_presets
from handlers.contract.rejections import Truncated
from handlers.rendering import png_samples, vector_code
from handlers.rendering.render import render
from handlers.rendering.resample import _resize_plane
from handlers.rendering.sandbox.process import RenderProcess
from tests.unit.rendering.originals import LIMITS, encoded, picture, png_chunk, png_with, rendered, variant

LANCZOS = Image.Resampling.LANCZOS
SIZE = (901, 601)
THREADS = Path("/proc/self/task")


@pytest.fixture
def no_unfiltering(monkeypatch):
    """Pillow undoes the row filters."""

    def fail(*_):
        raise vector_code.VectorCodeError

    monkeypatch.setattr(vector_code, "decoded_png", fail)


def noisy(size, mode="RGB"):
    """A picture for which encoders choose every row filter."""
    noise = Image.effect_noise(size, 40).convert("RGB")
    return Image.blend(picture(*size), noise, 0.3).convert(mode)


def filtered(kind, size=SIZE):
    """A PNG all of whose rows have one filter, but for the bytes that follow from random ones."""
    row = 1 + 3 * size[0]
    samples = bytearray(os.urandom(row * size[1]))
    samples[::row] = bytes([kind]) * size[1]
    header = bytes.fromhex("89504e470d0a1a0a") + png_chunk(
        b"IHDR", size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + b"\x08\x02\0\0\0"
    )
    return header + png_chunk(b"IDAT", zlib.compress(bytes(samples), 0)) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_large_png_is_decoded_to_the_last_bit(mode):
    original = noisy(SIZE, mode)
    shown = variant(encoded(original, "PNG"), "901x601 contain png")
    assert shown.convert(mode).tobytes() == original.tobytes()


@pytest.mark.parametrize("kind", range(5))
def test_every_row_filter_is_undone_as_pillow_does(kind, request):
    data = filtered(kind)
    line = "a 300x300 contain webp"
    vectored = rendered(data, line)
    request.getfixturevalue("no_unfiltering")
    assert rendered(data, line) == vectored


@pytest.mark.parametrize("size", [(901, 601), (1024, 512), (4000, 66), (66, 4000), (1999, 1501)])
@pytest.mark.parametrize("box", [60, 400, 900])
def test_a_png_in_strips_gives_the_bytes_of_a_whole_one(size, box, request):
    data = encoded(noisy(size), "PNG", compress_level=1)
    lines = (f"a {box}x{box} contain jpeg", f"b {box}x{box} contain webp")
    in_strips = rendered(data, *lines)
    request.getfixturevalue("no_unfiltering")
    assert rendered(data, *lines) == in_strips


def test_a_row_with_an_unknown_filter_is_damage():
    with pytest.raises(Truncated):
        rendered(filtered(5))


def test_samples_behind_another_chunk_are_read_as_pillow_reads_them(request):
    data = encoded(noisy(SIZE), "PNG")
    data = png_with(data, png_chunk(b"tEXt", b"a\0b"))
    vectored = rendered(data)
    request.getfixturevalue("no_unfiltering")
    assert rendered(data) == vectored


@pytest.mark.parametrize("size", [(500, 400), (333, 311), (640, 250)])
def test_planes_are_filtered_to_within_a_level_of_pillow_s_filter(size):
    plane = noisy((1000, 800), "L")
    vectored = _resize_plane(plane, size, (0, 0, *plane.size), LANCZOS)
    reducing_gap = plane.resize(size, LANCZOS, reducing_gap=1.5)
    difference = ImageChops.difference(vectored, reducing_gap)
    assert difference.getextrema()[1] <= 3
    assert sum(level * count for level, count in enumerate(difference.histogram())) < 0.3 * size[0] * size[1]


def test_without_libvips_pillow_renders(monkeypatch):
    data = encoded(noisy((1200, 900)), "JPEG")
    vectored = variant(data, "400x300 contain png")
    monkeypatch.setattr(vector_code, "library", lambda: None)
    for original in (data, encoded(noisy((1200, 900)), "PNG")):
        assert rendered(original, "a 400x300 contain webp").variants["a"].width == 400
    plain = variant(data, "400x300 contain png")
    assert ImageChops.difference(vectored, plain).convert("L").getextrema()[1] <= 8


def test_a_library_that_fails_is_the_machine_s_fault(monkeypatch):
    monkeypatch.setattr(vector_code.library(), "vips_reducev", lambda *_: -1)
    with pytest.raises(vector_code.VectorCodeError):
        vector_code.shrunk_columns(bytes(64 * 64), 64, 64, 32)
    assert issubclass(vector_code.VectorCodeError, OSError)  # which is retried


def test_no_thread_is_left_behind_in_a_process_that_forks():
    before = len(list(THREADS.iterdir()))
    vector_code.shrunk_columns(bytes(512 * 512), 512, 512, 200)
    rendered(encoded(noisy((1200, 900)), "PNG"))
    assert len(list(THREADS.iterdir())) == before


def test_a_confined_process_renders_the_same_bytes():
    data = encoded(noisy((1200, 900)), "PNG")
    presets = parse_presets(["thumbnail 64x64 cover jpeg", "large 500x500 contain webp"])
    process = RenderProcess(cpu_seconds=30, wall_seconds=60, memory_bytes=600 << 20)
    try:
        confined = process.render(data, presets, LIMITS)
    finally:
        process.stop()
    assert confined == render(data, presets, LIMITS)
    assert png_samples.isal_zlib
