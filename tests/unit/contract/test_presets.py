import subprocess
import sys
from dataclasses import replace

import pytest

from handlers.contract.presets import PresetError, effort_of, parse_presets, preset_hash

DEFAULTS = ["thumbnail 128x128 cover jpeg", "small 512x512 contain webp", "large 1600x1600 contain webp"]


def test_a_line_becomes_a_preset():
    (preset,) = parse_presets(["thumbnail 300x200 cover avif quality=55 effort=4 position=attention enlarge"])
    assert (preset.name, preset.width, preset.height, preset.fit, preset.format) == (
        "thumbnail",
        300,
        200,
        "cover",
        "avif",
    )
    assert (preset.quality, preset.effort, preset.position, preset.enlarge) == (55, 4, "attention", True)
    assert (preset.extension, preset.content_type) == ("avif", "image/avif")


def test_what_a_line_leaves_out_has_a_default():
    thumbnail, small, _ = parse_presets(DEFAULTS)
    assert (thumbnail.quality, thumbnail.effort, thumbnail.position, thumbnail.enlarge) == (
        82,
        1,
        "centre",
        False,
    )
    assert small.quality == 80
    assert effort_of(replace(small, effort=None)) == small.effort


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("thumbnail 128x128 cover", "preset 'thumbnail 128x128 cover' is not 'NAME WIDTHxHEIGHT FIT FORMAT"),
        ("Thumbnail 128x128 cover jpeg", "preset name 'Thumbnail' is not 1 to 32 of a-z, 0-9 and '-'"),
        ("x" * 33 + " 128x128 cover jpeg", "is not 1 to 32 of"),
        ("thumbnail 128 cover jpeg", "preset 'thumbnail': box '128' is not WIDTHxHEIGHT"),
        ("thumbnail 0x128 cover jpeg", "preset 'thumbnail': width 0 is not between 1 and 8192"),
        ("thumbnail 128x8193 cover jpeg", "preset 'thumbnail': height 8193 is not between 1 and 8192"),
        ("thumbnail 128x128 crop jpeg", "preset 'thumbnail': fit 'crop' is not one of cover, contain, fill"),
        (
            "thumbnail 128x128 cover gif",
            "preset 'thumbnail': format 'gif' is not one of jpeg, webp, avif, png",
        ),
        (
            "thumbnail 128x128 cover jpeg quality=0",
            "preset 'thumbnail': quality '0' is not between 1 and 100",
        ),
        ("thumbnail 128x128 cover jpeg quality=", "preset 'thumbnail': quality '' is not between 1 and 100"),
        ("thumbnail 128x128 cover jpeg quality=\u0663", "quality '\u0663' is not between 1 and 100"),
        ("thumbnail 128x128 cover jpeg effort=3", "preset 'thumbnail': effort '3' is not between 0 and 2"),
        ("thumbnail 128x128 cover jpeg position=top", "position 'top' is not one of centre, attention"),
        ("thumbnail 128x128 cover jpeg enlarge=yes", "preset 'thumbnail': option 'enlarge=yes' is none of"),
        ("thumbnail 128x128 cover jpeg quality", "preset 'thumbnail': option 'quality' is none of"),
        ("thumbnail 128x128 cover jpeg speed=3", "preset 'thumbnail': option 'speed=3' is none of"),
        (
            "thumbnail 128x128 cover jpeg effort=1 effort=1",
            "preset 'thumbnail': option 'effort' is given twice",
        ),
    ],
)
def test_a_wrong_line_is_refused_by_name_value_and_bound(line, message):
    with pytest.raises(PresetError) as refused:
        parse_presets([line])
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "0 presets given; a stack has 1 to 16"),
        (["a 1x1 cover jpeg"] * 17, "17 presets given"),
        (["thumbnail 1x1 cover jpeg"] * 2, "preset name 'thumbnail' is used 2 times"),
        (["small 1x1 cover jpeg"], "no preset is called 'thumbnail'; found small"),
    ],
)
def test_a_wrong_set_is_refused(lines, message):
    with pytest.raises(PresetError) as refused:
        parse_presets(lines)
    assert message in str(refused.value)


def test_the_hash_does_not_depend_on_the_order_of_the_lines_or_on_defaults_spelled_out():
    spelled = ["large 1600x1600 contain webp quality=80 effort=4", *DEFAULTS[:2]]
    assert preset_hash(parse_presets(DEFAULTS)) == preset_hash(parse_presets(spelled))


@pytest.mark.parametrize("option", ["quality=83", "effort=2", "position=attention", "enlarge"])
def test_every_option_changes_the_hash(option):
    assert preset_hash(parse_presets([DEFAULTS[0]])) != preset_hash(
        parse_presets([f"{DEFAULTS[0]} {option}"])
    )


def test_the_hash_is_the_same_in_every_process():
    program = f"from handlers.contract.presets import *; print(preset_hash(parse_presets({DEFAULTS!r})))"
    seeds = ("0", "1")
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in seeds
    }
    assert hashes == {preset_hash(parse_presets(DEFAULTS))}
