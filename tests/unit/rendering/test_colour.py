import pytest
from PIL import Image

from bench.render.display_p3 import display_p3
from tests.unit.rendering.originals import encoded, near, variant
from tests.unit.rendering.profiles import delta_e, p3_to_srgb

JUST_NOTICEABLE = 2.3
P3_COLOURS = [(200, 100, 50), (60, 160, 90), (40, 70, 180), (128, 128, 128), (250, 240, 20), (255, 0, 0)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("colour", P3_COLOURS)
def test_a_display_p3_colour_looks_the_same_in_srgb(kind, colour):
    lossless = {
        "JPEG": {"quality": 98, "subsampling": 0},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95},
    }
    data = encoded(
        Image.new("RGB", (64, 64), colour), kind, icc_profile=display_p3(), **lossless.get(kind, {})
    )
    pixel = variant(data, "32x32 contain png").getpixel((16, 16))
    assert delta_e(pixel, p3_to_srgb(colour)) < JUST_NOTICEABLE


def test_a_profile_is_applied_on_the_way_to_a_lossy_variant_too():
    data = encoded(Image.new("RGB", (900, 600), (200, 100, 50)), "JPEG", quality=95, icc_profile=display_p3())
    for recipe in ("300x300 contain jpeg quality=95", "300x300 contain webp quality=95"):
        pixel = variant(data, recipe).getpixel((100, 100))
        assert delta_e(pixel, p3_to_srgb((200, 100, 50))) < JUST_NOTICEABLE


@pytest.mark.parametrize("profile", [b"", b"nonsense", b"\0" * 200, display_p3()[:300]])
def test_a_profile_nobody_can_read_is_ignored(profile):
    data = encoded(Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=profile)
    assert near(variant(data, "32x32 contain png").getpixel((3, 3)), (200, 100, 50), 1)


def test_a_profile_of_another_colour_model_is_ignored():
    data = encoded(Image.new("L", (64, 64), 99), "PNG", icc_profile=display_p3())
    assert near(variant(data, "32x32 contain png").convert("RGB").getpixel((3, 3)), (99, 99, 99), 1)


@pytest.mark.parametrize("recipe", ["40x40 contain jpeg quality=95", "40x40 contain webp quality=95"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("colour", [(51, 102, 153), (200, 30, 60), (250, 250, 250), (7, 7, 7), (255, 255, 0)])
def test_an_srgb_colour_stays_what_it_is(kind, recipe, colour):
    options = {"quality": 98} if kind in {"JPEG", "WEBP"} else {}
    data = encoded(Image.new("RGB", (640, 480), colour), kind, **options)
    assert delta_e(variant(data, recipe).convert("RGB").getpixel((20, 20)), colour) < JUST_NOTICEABLE


@pytest.mark.parametrize(
    ("inks", "colour"),
    [((0, 255, 255, 0), (255, 0, 0)), ((0, 0, 0, 255), (0, 0, 0)), ((0, 0, 0, 0), (255, 255, 255))],
)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_becomes_the_colours_of_the_screen(kind, inks, colour):
    data = encoded(Image.new("CMYK", (64, 64), inks), kind)
    assert near(variant(data, "32x32 contain png").convert("RGB").getpixel((9, 9)), colour, 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("sample", "grey"), [(0, 0), (32_896, 128), (65_535, 255), (257 * 77, 77)])
def test_sixteen_bits_are_scaled_and_not_cut_off(kind, sample, grey):
    data = encoded(Image.new("I;16", (64, 64), sample), kind)
    assert near(variant(data, "32x32 contain png").convert("RGB").getpixel((9, 9)), (grey,) * 3, 1)


def test_sixteen_bits_in_big_endian_order_are_read_as_such():
    data = encoded(Image.new("I;16B", (64, 64), 0x4080), "TIFF")
    assert near(variant(data, "32x32 contain png").convert("RGB").getpixel((9, 9)), (0x40,) * 3, 1)


def test_samples_of_32_bits_run_from_black_to_white():
    for mode in ("I", "F"):
        image = Image.new(mode, (60, 30), 1000)
        image.paste(5000, (20, 0, 40, 30))
        image.paste(9000, (40, 0, 60, 30))
        result = variant(encoded(image, "TIFF"), "60x30 contain png").convert("L")
        assert [result.getpixel((x, 15)) for x in (5, 55)] == [0, 255]
        assert abs(result.getpixel((30, 15)) - 127) <= 1


def test_one_bit_and_palette_pictures_are_averaged_not_picked():
    checks = Image.new("1", (64, 64))
    checks.putdata([(x + y) % 2 * 255 for y in range(64) for x in range(64)])
    for image in (checks, checks.convert("P")):
        pixel = variant(encoded(image, "PNG"), "16x16 contain png").convert("L").getpixel((8, 8))
        assert abs(pixel - 127) < 16


def test_a_transparent_pixel_lends_no_colour_to_its_neighbours():
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 32, 64))
    edge = variant(encoded(image, "PNG"), "9x9 contain png")
    assert edge.mode == "RGBA"
    for x in range(9):
        red, green, _, alpha = edge.getpixel((x, 4))
        assert alpha == 0 or (red > 250 and green < 5)


@pytest.mark.parametrize("form", ["webp", "png", "avif"])
def test_alpha_is_kept_where_the_format_has_it(form):
    image = Image.new("RGBA", (64, 64), (200, 30, 60, 128))
    result = variant(encoded(image, "WEBP", lossless=True), f"32x32 contain {form}")
    assert near(result.getpixel((9, 9)), (200, 30, 60, 128), 6)


def test_alpha_is_flattened_on_white_where_it_has_not():
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 128))
    for kind in ("PNG", "WEBP", "TIFF"):
        pixel = variant(encoded(image, kind), "32x32 contain jpeg quality=95").getpixel((9, 9))
        assert near(pixel, (255, 127, 127), 6)


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_is_transparent(mode):
    image = Image.new("RGB", (64, 64), (9, 8, 7))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    data = encoded(image, "PNG", transparency=image.getpixel((0, 0)))
    assert near(variant(data, "32x32 contain jpeg").convert("RGB").getpixel((9, 9)), (255, 255, 255), 2)


def test_an_rgb_jpeg_without_colour_transform_keeps_its_colours():
    data = encoded(Image.new("RGB", (64, 64), (200, 30, 60)), "JPEG", quality=98, keep_rgb=True)
    assert near(variant(data, "32x32 contain jpeg quality=98").getpixel((9, 9)), (200, 30, 60), 4)
