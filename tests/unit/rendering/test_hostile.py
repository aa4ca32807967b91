import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from handlers.contract.rejections import ImageRejected, TooLarge, Truncated
from tests.unit.rendering.hostile_originals import corpus, hostile
from tests.unit.rendering.originals import LIMITS, encoded, picture, rendered

PEAK_MIB = 512
PRESETS = ("thumbnail 128x128 cover jpeg", "small 512x512 contain webp", "large 1600x1600 contain webp")
CUT = {
    "jpeg": encoded(picture(600, 400), "JPEG", quality=90),
    "progressive jpeg": encoded(picture(600, 400), "JPEG", quality=90, progressive=True),
    "png": encoded(picture(300, 200, "RGBA"), "PNG", compress_level=1),
    "palette png": encoded(picture(300, 200).quantize(64), "PNG"),
    "large png": encoded(picture(800, 600), "PNG", compress_level=1),
    "webp": encoded(picture(600, 400), "WEBP", quality=95),
    "lossless webp": encoded(picture(200, 150, "RGBA"), "WEBP", lossless=True),
    "animated webp": encoded(
        picture(300, 200), "WEBP", save_all=True, append_images=[picture(300, 200).rotate(9)]
    ),
    "gif": encoded(picture(300, 200), "GIF"),
    "tiff": encoded(picture(150, 100), "TIFF"),
    "deflated tiff": encoded(picture(300, 200), "TIFF", compression="tiff_adobe_deflate"),
    "bmp": encoded(picture(150, 100), "BMP"),
    "avif": encoded(picture(600, 400), "AVIF", quality=95),
    "heic": encoded(picture(600, 400), "HEIF", quality=95),
}


@pytest.mark.parametrize("name", list(corpus()))
def test_a_hostile_original_ends_as_it_should_within_five_seconds_and_512_mib(name):
    data, right = hostile(name)
    child = subprocess.run(
        [sys.executable, "-m", "tests.unit.rendering.confined_render", json.dumps(asdict(LIMITS)), *PRESETS],
        input=data,
        capture_output=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr.decode()[-2000:]
    answer = json.loads(child.stdout)
    assert answer["outcome"] in right
    assert answer["peak_mib"] <= PEAK_MIB


@pytest.mark.parametrize("name", list(CUT))
def test_an_original_cut_off_at_any_kilobyte_is_rejected(name):
    data = CUT[name]
    cuts = [*range(1, 64, 7), *range(64, len(data) - 64, 1024)]
    outcomes = set()
    for cut in cuts:
        try:
            rendered(data[:cut])
            outcomes.add("ok")
        except ImageRejected as rejection:
            outcomes.add(rejection.reason)
    assert outcomes <= {"Truncated", "NotAnImage", "FormatNotAllowed"}
    rendered(data)


def test_an_object_larger_than_the_limit_is_not_even_identified():
    with pytest.raises(TooLarge, match=str(LIMITS.max_bytes)):
        rendered(b"\xff\xd8\xff" + b"\0" * LIMITS.max_bytes)


def test_a_rejection_says_what_was_measured():
    with pytest.raises(Truncated) as rejected:
        rendered(b"\xff\xd8\xff\xe0")
    assert rejected.value.reason == "Truncated"
    assert str(rejected.value).endswith(")")
