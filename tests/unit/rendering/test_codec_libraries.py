"""The fast ways into a codec give what Pillow gives, and their absence is no loss but of time."""

import pytest
from PIL import Image, ImageChops

from handlers.contract.rejections import TooMuchMemory
from handlers.rendering import png_samples, vector_code
from handlers.rendering.codec_libraries import bundled
from handlers.rendering.formats import webp
from tests.unit.rendering.originals import LIMITS, SMALL, encoded, picture, rendered, variant

PHOTOGRAPH = picture(640, 480)


def largest_difference(one: Image.Image, other: Image.Image) -> int:
    bands = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA")).getextrema()
    return max(high for _, high in bands)


@pytest.fixture
def without_libwebp(monkeypatch):
    monkeypatch.setattr(webp, "_codec", lambda: None)


@pytest.mark.parametrize("name", ["png", "palette png", "16-bit png", "apng"])
def test_png_is_the_same_with_and_without_the_faster_inflate(name, monkeypatch):
    assert png_samples.isal_zlib
    fast = rendered(SMALL[name], "a 64x64 contain png")
    monkeypatch.setattr(png_samples, "isal_zlib", None)
    assert rendered(SMALL[name], "a 64x64 contain png") == fast


def test_a_png_is_decoded_to_the_last_bit():
    for options in ({"compress_level": 0}, {"compress_level": 9}):
        data = encoded(PHOTOGRAPH, "PNG", **options)
        fast = variant(data, "640x480 contain png")
        assert fast.tobytes() == PHOTOGRAPH.tobytes()


@pytest.mark.parametrize("recipe", ["320x240 contain png", "320x240 contain jpeg quality=95"])
@pytest.mark.parametrize("kind", ["lossy", "lossless", "alpha"])
def test_webp_looks_the_same_through_the_library_and_through_pillow(kind, recipe, request):
    source = picture(640, 480, "RGBA") if kind == "alpha" else PHOTOGRAPH
    data = encoded(source, "WEBP", lossless=kind == "lossless", quality=90)
    direct = variant(data, recipe)
    request.getfixturevalue("without_libwebp")
    assert largest_difference(direct, variant(data, recipe)) <= 8


def test_a_large_lossy_webp_is_within_the_memory_budget_as_planes():
    data = encoded(Image.new("RGB", (9_000, 5_000)), "WEBP", method=0)
    assert rendered(data).facts.width == 9_000


@pytest.mark.usefixtures("without_libwebp")
def test_a_webp_that_pillow_would_need_too_much_memory_for_is_rejected():
    data = encoded(Image.new("RGB", (9_000, 5_000)), "WEBP", method=0)
    with pytest.raises(TooMuchMemory, match=str(LIMITS.max_decode_bytes // 2**20)):
        rendered(data)


def test_the_wheels_bring_the_libraries_that_are_called():
    assert webp._codec()
    assert vector_code.library()


def test_a_wheel_without_the_library_or_with_another_interface_counts_as_one_without_it():
    known = {"WebPDecodeRGBAInto": (None, [])}
    assert bundled("libwebp", 7, known)
    assert bundled("libnothing", 7, known) is None
    assert bundled("libwebp", 7, known, "nothing.libs") is None
    assert bundled("libwebp", 8, known) is None
    assert bundled("libwebp", 7, known | {"WebPDecodeOtherwise": (None, [])}) is None
