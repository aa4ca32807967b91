import io

import pytest
from PIL import Image, ImageColor

from handlers.contract.presets import parse_presets
from tests.unit.rendering.originals import (
    DEFAULTS,
    LIMITS,
    ORIENTATION,
    SMALL,
    encoded,
    near,
    picture,
    quarters,
    rendered,
    variant,
)

RED, GREEN, BLUE, WHITE = (254, 0, 0), (0, 255, 1), (0, 0, 254), (255, 255, 255)

# How a camera stores an upright picture so that this orientation turns it upright again.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def oriented(image, orientation, kind="JPEG", **options):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = image.transpose(STORED[orientation]) if orientation in STORED else image
    return encoded(stored, kind, exif=exif, **options)


def corners(image):
    width, height = image.size
    image = image.convert("RGB")
    points = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    return [image.getpixel((int(width * x), int(height * y))) for x, y in points]


@pytest.mark.parametrize("name", SMALL)
def test_every_format_becomes_every_preset(name):
    result = rendered(
        SMALL[name], "a 64x64 contain jpeg", "b 64x64 cover webp", "c 32x48 fill avif", "d 40x40 contain png"
    )
    assert list(result.variants) == ["a", "b", "c", "d", "thumbnail"]
    for each in result.variants.values():
        image = Image.open(io.BytesIO(each.data))
        assert image.format.lower() == each.preset.format
        assert image.size == (each.width, each.height)
        assert getattr(image, "n_frames", 1) == 1
    assert (result.facts.width, result.facts.height) == (120, 80)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright(orientation, kind):
    upright = quarters(160, 120)
    data = oriented(
        upright, orientation, kind, **({"quality": 95} if kind in {"JPEG", "WEBP", "AVIF"} else {})
    )
    result = rendered(data, "whole 80x80 contain png", "crop 40x60 cover png")
    assert (result.facts.width, result.facts.height) == (160, 120)
    for name in ("whole", "crop"):
        image = Image.open(io.BytesIO(result.variants[name].data))
        assert all(near(*each, 40) for each in zip(corners(image), [RED, GREEN, BLUE, WHITE], strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_planes_end_upright_too_and_odd_sizes_keep_their_edges(orientation, kind):
    image = variant(
        oriented(quarters(402, 301), orientation, kind, quality=95), "201x201 contain jpeg quality=95"
    )
    assert image.size == (201, 150)
    assert all(near(*each, 25) for each in zip(corners(image), [RED, GREEN, BLUE, WHITE], strict=True))
    assert near(image.getpixel((200, 149)), BLUE, 40)


@pytest.mark.parametrize(
    ("original", "recipe", "size"),
    [
        ((4000, 3000), "100x100 contain jpeg", (100, 75)),
        ((3000, 4000), "100x100 contain jpeg", (75, 100)),
        ((4000, 3000), "100x100 cover jpeg", (100, 100)),
        ((4000, 3000), "100x50 fill jpeg", (100, 50)),
        ((50, 40), "100x100 contain jpeg", (50, 40)),
        ((50, 40), "100x100 cover jpeg", (40, 40)),
        ((50, 40), "100x50 cover jpeg", (50, 25)),
        ((50, 40), "100x100 fill jpeg", (100, 100)),
        ((50, 40), "100x100 contain jpeg enlarge", (100, 80)),
        ((50, 40), "100x100 cover jpeg enlarge", (100, 100)),
        ((1, 900), "100x100 contain jpeg", (1, 100)),
        ((900, 1), "100x100 contain webp", (100, 1)),
        ((1, 900), "100x100 cover jpeg", (1, 1)),
        ((1, 900), "100x100 cover jpeg enlarge", (100, 100)),
        ((1, 1), "100x100 contain png", (1, 1)),
        ((1, 1), "100x100 fill webp", (100, 100)),
        ((2, 3), "1x1 contain avif", (1, 1)),
        ((129, 127), "128x128 cover jpeg", (127, 127)),
        ((30, 9000), "512x512 contain jpeg", (2, 512)),
        ((9000, 20), "512x512 contain webp", (512, 1)),
    ],
)
def test_a_variant_has_the_size_its_fit_says(original, recipe, size):
    assert variant(encoded(picture(*original), "JPEG"), recipe).size == size


def test_every_size_is_computed_from_the_original_not_from_the_variant_before():
    sides = range(37, 201, 9)
    lines = [f"s{side} {side}x{side} contain jpeg" for side in sides]
    result = rendered(encoded(picture(1000, 667), "JPEG"), *lines[:15])
    for side in list(sides)[:15]:
        assert result.variants[f"s{side}"].height == round(667 * side / 1000)


def test_a_cover_keeps_the_middle():
    image = variant(encoded(quarters(300, 100), "PNG"), "50x50 cover png")
    assert near(image.getpixel((10, 10)), (255, 0, 0))
    assert near(image.getpixel((40, 40)), (0, 0, 255))


def test_a_cover_shows_exactly_the_middle_third():
    strip = Image.new("RGB", (300, 100), "white")
    strip.paste("black", (100, 0, 200, 100))
    image = variant(encoded(strip, "PNG"), "100x100 cover png")
    assert {image.getpixel((x, 50)) for x in (0, 50, 99)} == {(0, 0, 0)}


def test_attention_keeps_what_has_detail():
    wall = Image.new("RGB", (400, 100), (120, 160, 200))
    wall.paste(picture(40, 40).quantize(4).convert("RGB"), (330, 30))
    data = encoded(wall, "PNG")
    assert near(variant(data, "50x50 cover png").resize((1, 1)).getpixel((0, 0)), (120, 160, 200), 2)
    assert not near(
        variant(data, "50x50 cover png position=attention").resize((1, 1)).getpixel((0, 0)),
        (120, 160, 200),
        2,
    )


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_attention_looks_at_the_upright_picture(orientation):
    wall = Image.new("RGB", (400, 100), (120, 160, 200))
    wall.paste(picture(40, 40).quantize(4).convert("RGB"), (330, 30))
    data = oriented(wall, orientation, quality=95)
    image = variant(data, "50x50 cover png position=attention")
    assert not near(image.resize((1, 1)).getpixel((0, 0)), (120, 160, 200), 4)


def test_a_variant_is_as_sharp_as_one_resize_from_the_full_picture():
    noise = Image.effect_noise((1600, 1200), 60).convert("RGB")
    reference = noise.resize((400, 300), Image.Resampling.LANCZOS).convert("L")
    data = encoded(noise, "PNG")
    image = variant(data, "400x400 contain png").convert("L")
    spread = [
        max(1, sum(v * i * i for i, v in enumerate(each.histogram())) / (400 * 300))
        for each in (image, reference)
    ]
    assert 0.97 < spread[0] / spread[1] < 1.03


@pytest.mark.parametrize(("kind", "side"), [("JPEG", 1024), ("JPEG", 300), ("WEBP", 300), ("PNG", 300)])
def test_nothing_moves_by_half_a_pixel(kind, side):
    board = picture(2048, 1536)
    for x in range(0, 2048, 128):
        board.paste("black", (x, 0, x + 8, 1536))
    data = encoded(board, kind, **({"quality": 95} if kind != "PNG" else {}))
    image = variant(data, f"{side}x{side} contain jpeg quality=95").convert("L")
    reference = board.convert("L").resize(image.size, Image.Resampling.LANCZOS)

    def difference(shift):
        box = (4 + shift, 4, image.width - 4 + shift, image.height - 4)
        pairs = zip(
            image.crop((4, 4, image.width - 4, image.height - 4)).tobytes(),
            reference.crop(box).tobytes(),
            strict=True,
        )
        return sum((a - b) ** 2 for a, b in pairs)

    left, here, right = (difference(shift) for shift in (-1, 0, 1))
    assert here < left / 10
    assert here < right / 10
    assert 0.7 < left / right < 1.4


def test_the_first_frame_of_an_animation_is_what_people_see():
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "lime")]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        result = rendered(data, "a 30x30 contain png")
        assert result.facts.frames == 3
        assert near(
            Image.open(io.BytesIO(result.variants["a"].data)).convert("RGB").getpixel((5, 5)), (255, 0, 0)
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jpeg", ("JPEG", "image/jpeg", 1, 8, False)),
        ("mpo", ("JPEG", "image/jpeg", 1, 8, False)),
        ("png", ("PNG", "image/png", 1, 8, True)),
        ("16-bit png", ("PNG", "image/png", 1, 16, False)),
        ("alpha webp", ("WEBP", "image/webp", 1, 8, True)),
        ("animated gif", ("GIF", "image/gif", 2, 8, False)),
        ("fax tiff", ("TIFF", "image/tiff", 1, 1, False)),
        ("bmp", ("BMP", "image/bmp", 1, 8, False)),
        ("avif", ("AVIF", "image/avif", 1, 8, False)),
        ("heic", ("HEIF", "image/heic", 1, 8, False)),
    ],
)
def test_facts_say_what_the_bytes_are(name, expected):
    facts = rendered(SMALL[name]).facts
    assert (facts.format, facts.content_type, facts.frames, facts.bit_depth, facts.has_alpha) == expected


def test_frames_are_counted_up_to_the_limit():
    frames = [Image.new("L", (8, 8), value) for value in range(0, 240, 3)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert rendered(data).facts.frames == LIMITS.max_frames


def test_the_dominant_colour_is_that_of_the_picture():
    facts = rendered(encoded(Image.new("RGB", (90, 60), "#336699"), "PNG")).facts
    assert near(ImageColor.getrgb(facts.dominant_color), (0x33, 0x66, 0x99), 1)


def test_a_render_is_the_same_every_time():
    data = encoded(picture(300, 200), "JPEG")
    first, second = (rendered(data, "a 99x99 cover webp", "b 50x50 contain jpeg") for _ in range(2))
    assert first == second


def test_the_default_presets_are_rendered_in_their_order():
    result = rendered(SMALL["jpeg"], *["thumbnail 128x128 cover jpeg", "small 512x512 contain webp"])
    assert list(result.variants) == ["thumbnail", "small"]
    assert parse_presets(["thumbnail 128x128 cover jpeg"])[0] == DEFAULTS[0]
