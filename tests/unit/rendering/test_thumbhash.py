import base64

import pytest
from PIL import Image

from handlers.rendering.thumbhash import placeholder
from tests.unit.rendering.originals import encoded, picture, rendered

# What the reference implementation (https://github.com/evanw/thumbhash) says about the same pixels.
REFERENCE = {
    (32, 24, "RGB"): "IOgJbZqwh4dwh4h7h3iIeJ90eQRI",
    (32, 24, "RGBA"): "YsiFRJAYoJVwh3pY+EmYV3CFf4h3+GeHCA==",
    (24, 32, "RGB"): "IOgJbRqwh3CHt3d4iIh4h590eQRI",
    (32, 32, "RGB"): "IOgJbxqwh4dwh3h7h3iIiIiH+EmXR4AE",
    (32, 1, "RGB"): "IPhBaYyHh4eIiAh4n4h3gJg=",
    (1, 1, "RGBA"): "3we+BQB3CPeIh3B/+PeHj4AICPeIh3B/+A==",
    (5, 32, "RGBA"): "YsiFQRAYoHCnV5ifhHkFV+iHeId/dog=",
}


@pytest.mark.parametrize(("size_and_mode", "expected"), list(REFERENCE.items()))
def test_the_hash_is_that_of_the_reference_implementation(size_and_mode, expected):
    assert placeholder(picture(*size_and_mode).convert("RGBA")) == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("size", [(1, 1), (4000, 10), (10, 4000), (300, 200)])
def test_a_placeholder_stays_under_forty_bytes(size, mode):
    assert len(base64.b64decode(rendered(encoded(picture(*size, mode), "PNG")).facts.placeholder)) < 40


def test_a_wholly_transparent_picture_has_one_too():
    assert placeholder(Image.new("RGBA", (20, 20), (9, 9, 9, 0)))
