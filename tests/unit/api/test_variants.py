"""`GET /images/{imageId}/variants/{name}`, which the gateway hands over as an image's id."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract import keys
from tests.unit.http_events import get_image, post_uploads
from tests.unit.resize_environment import MAX_RECEIVE_COUNT

pytestmark = pytest.mark.usefixtures("api")

ADA, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob"))
FILE = {"name": "holiday.jpg", "contentType": "image/jpeg", "bytes": 6}


def get_variant(image_id, name, **caller):
    return get_image(f"{image_id}/variants/{name}", **caller)


def announced(caller):
    [file] = post_uploads({"files": [FILE]}, caller).document["files"]
    return file["imageId"]


def shown_key(answer):
    """The key that a redirect leads to."""
    assert answer.status == 302
    return urlsplit(answer.headers["Location"]).path


@pytest.mark.parametrize(
    "image_id",
    [
        "a",
        "a b",
        "2026/01/a.jpg",
        "100%",
        "a%2Fb",
        "山/😀",
        "?#&",
        "variants",
        "variants/x",
        "a/variants",
        "a//b",
    ],
)
def test_a_variant_is_a_redirect_to_a_signed_url_whatever_the_id_holds(world, image_id):
    world.deliver(world.upload(image_id))
    answer = get_variant(image_id, "small")
    assert shown_key(answer) == "/" + quote(world.row(image_id)["Variants"]["small"]["Key"])
    assert "X-Amz-Signature" in parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_image_whose_own_id_looks_like_a_variant_is_shown_as_an_image(world):
    world.deliver(world.upload("a"))
    world.deliver(world.upload("a/variants/small"))
    assert get_image("a/variants/small").document["imageId"] == "a/variants/small"
    assert shown_key(get_variant("a/variants/small", "small")).startswith("/resized/a/variants/small/")
    assert shown_key(get_variant("a", "thumbnail")).startswith("/resized/a/")


def test_an_image_that_the_caller_may_not_see_hides_no_variant(world):
    # Dropped files are seen by administrators only.
    image_id = announced(ADA)
    world.deliver(world.upload(image_id))
    world.deliver(world.upload(f"{image_id}/variants/small"))
    assert "/variants/" not in shown_key(get_variant(image_id, "small", caller=ADA))
    assert get_variant(image_id, "small").document["imageId"] == f"{image_id}/variants/small"


def test_a_variant_is_hidden_from_whom_its_image_is_hidden(world):
    image_id = announced(ADA)
    world.deliver(world.upload(image_id))
    assert get_variant(image_id, "small", caller=ADA).status == 302
    assert get_variant(image_id, "small", caller=BOB).problem == "unknown-image"


@pytest.mark.parametrize(
    "name", ["", "large", "small/", "SMALL", "small.webp", "../small", "small/variants/small"]
)
def test_a_name_that_no_variant_has_is_not_found(world, name):
    world.deliver(world.upload("a"))
    answer = get_variant("a", name)
    assert answer.status == 404
    assert answer.problem in {"unknown-variant", "unknown-image"}


def test_an_image_that_is_not_ready_has_no_variants(world):
    pending = announced(ADA)
    world.deliver(world.upload("bad", b"not an image"))
    world.deliver(world.upload("failed"))
    world.render.error = RuntimeError("x")
    world.deliver(world.upload("failed", b"second"), attempt=MAX_RECEIVE_COUNT)
    for image_id in (pending, "bad", "failed"):
        assert get_variant(image_id, "small").problem == "unknown-variant"


@pytest.mark.parametrize("image_id", ["a", "", "/", "x" * keys.MAX_IMAGE_ID_BYTES, "x" * 5000])
def test_a_variant_of_an_image_that_does_not_exist_is_not_found(image_id):
    assert get_variant(image_id, "small").problem == "unknown-image"


@given(st.text(), st.text())
def test_no_path_makes_the_reading_of_a_variant_fail(image_id, name):
    assert get_variant(image_id, name).status == 404
