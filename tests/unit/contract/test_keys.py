import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract import keys
from handlers.contract.presets import MAX_SIDE, Preset

LONGEST = Preset(
    name="x" * 32, width=MAX_SIDE, height=MAX_SIDE, fit="fill", format="webp", quality=100
)  # `webp` and `avif` have the longest extension
UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
THUMBNAIL = Preset(name="thumbnail", width=128, height=128, fit="cover", format="jpeg", quality=82)
IMAGE_IDS = st.text(min_size=1, max_size=200).filter(lambda image_id: not image_id.endswith("/"))


def test_originals_and_variants_are_laid_out_as_documented():
    assert keys.original_key("a b/c") == "uploads/a b/c"
    assert keys.variant_key("a b/c", "0123456789abcdef", THUMBNAIL) == (
        "resized/a b/c/0123456789abcdef/thumbnail.jpg"
    )


def test_an_id_of_the_api_says_its_lane():
    assert keys.lane_of(keys.image_id_in("express", UUID)) == "express"
    assert keys.lane_of(keys.image_id_in("bulk", UUID)) == "bulk"
    assert keys.original_key(keys.image_id_in("express", UUID)) == f"express/{UUID}-x"
    assert keys.original_key(keys.image_id_in("bulk", UUID)) == f"uploads/{UUID}"


@pytest.mark.parametrize(
    "image_id", ["x", "-x", "photo-x", UUID.upper() + "-x", f"a/{UUID}-x", f"{UUID}-x\n", f"{UUID}-x-x"]
)
def test_every_other_id_is_of_the_bulk_lane(image_id):
    assert keys.original_key(image_id) == f"uploads/{image_id}"


@pytest.mark.parametrize("key", [f"uploads/{UUID}-x", f"express/{UUID}", "express/a.jpg"])
def test_a_key_under_the_prefix_of_another_lane_is_not_an_original(key):
    assert keys.image_id_of(key) is None
    assert keys.is_misplaced(key)
    assert not keys.is_too_long(key)


@pytest.mark.parametrize("key", ["uploads/", "express/", "express/folder/", "other/a", "uploads/a"])
def test_other_keys_are_not_misplaced(key):
    assert not keys.is_misplaced(key)


@given(IMAGE_IDS, st.sampled_from(keys.LANES))
def test_one_id_has_one_key(image_id, lane):
    key = keys.ORIGINALS_PREFIXES[lane] + image_id
    assert (keys.image_id_of(key) == image_id) == (key == keys.original_key(image_id))


@given(IMAGE_IDS)
def test_the_image_id_is_the_rest_of_the_originals_key(image_id):
    assert keys.image_id_of(keys.original_key(image_id)) == image_id


@pytest.mark.parametrize(
    "image_id", ["a b", "a/b/c.jpg", "1+1", "100%", "山/😀", "e\u0301", "uploads/a", "/a", "..", "a//b", " "]
)
def test_an_image_id_may_hold_spaces_slashes_and_any_unicode(image_id):
    assert keys.image_id_of(f"uploads/{image_id}") == image_id


@pytest.mark.parametrize("key", ["", "a", "uploads", "uploads/", "uploads/folder/", "resized/a", "Uploads/a"])
def test_other_keys_have_no_image_id(key):
    assert keys.image_id_of(key) is None


@pytest.mark.parametrize("character", ["a", "é", "山", "😀"])
def test_the_longest_image_id_leaves_room_for_the_longest_variant_key(character):
    width = len(character.encode())
    longest = character * (keys.MAX_IMAGE_ID_BYTES // width)
    longest += "a" * (keys.MAX_IMAGE_ID_BYTES - len(longest.encode()))
    assert keys.image_id_of(keys.original_key(longest)) == longest
    variant = keys.variant_key(longest, keys.render_of("version", "hash"), LONGEST)
    assert len(variant.encode()) == keys.MAX_KEY_BYTES
    assert not keys.is_too_long(keys.original_key(longest))
    assert keys.image_id_of(keys.original_key(longest + "a")) is None
    assert keys.is_too_long(keys.original_key(longest + "a"))


@pytest.mark.parametrize("key", ["a" * 1024, "uploads/" + "a" * 1015 + "/", "uploads/", "uploads/a"])
def test_only_an_original_s_key_is_too_long(key):
    assert not keys.is_too_long(key)


def test_a_render_is_sixteen_hex_digits_and_the_same_in_every_process():
    assert keys.render_of("version", "hash") == "87e2b7949521d3d7"
    assert re.fullmatch("[0-9a-f]{16}", keys.render_of("", ""))


def test_another_version_or_another_preset_hash_is_another_render():
    renders = {keys.render_of(version, presets) for version in ("v1", "v2") for presets in ("p1", "p2")}
    assert len(renders) == 4


@given(IMAGE_IDS)
def test_a_variants_key_tells_its_image(image_id):
    key = keys.variant_key(image_id, "0123456789abcdef", THUMBNAIL)
    assert keys.image_id_of_variant(key) == image_id


@pytest.mark.parametrize(
    "key", ["", "resized/", "resized/a", "resized/a/b", "resized//b/c", "resized/a//c", "a/b/c"]
)
def test_other_keys_are_no_variants(key):
    assert keys.image_id_of_variant(key) is None
