"""The companions of the good photographs: the worst of the hostile corpus, and honest ones at the limit.

The worst are those that take the most processor time of all that are rejected; each stays just within the
bounds that would have it rejected at once.
"""

import io
import struct
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.jpg"))
_LARGEST = (8660, 5773)  # of the default `maxPixels`
_PHOTOGRAPH = (4032, 3024)


def hostile() -> dict[str, bytes]:
    """Six files that keep the renderer busy as long as any that it rejects."""
    noise = Image.merge("RGB", [Image.effect_noise(_PHOTOGRAPH, 120)] * 3)
    return {
        "jpeg of noise in scans, cut off": _saved(noise, "JPEG", quality=85, progressive=True)[:-9],
        "jpeg of fill bytes": b"\xff\xd8" + b"\xff" * 52_000_000,
        "bmp of runs of one pixel": _bitmap_of_runs(),
        "gif of extensions in its colours": _gif_of_extensions(),
        "png at the limit, cut off": _saved(_flat("RGB", 7_070), "PNG", compress_level=0)[:52_000_000],
        "webp at the limit, cut off": _saved(_flat("RGB", 7_070), "WEBP", method=0, quality=100)[:-9],
    }


def honest() -> dict[str, bytes]:
    """Six photographs as large as the default configuration lets in, with the noise of a sensor."""
    noise = Image.effect_noise(_LARGEST, 8).convert("RGB")
    made = {}
    for path in SAMPLES:
        with Image.open(path) as opened:
            photograph = ImageOps.fit(opened.convert("RGB"), _LARGEST)
        made[path.stem] = _saved(ImageChops.add(photograph, noise, 1, -128), "JPEG", quality=90)
    return made


def good(count: int) -> dict[str, bytes]:
    """So many photographs of 12 megapixels."""
    made = {}
    for number in range(count):
        with Image.open(SAMPLES[number % len(SAMPLES)]) as opened:
            photograph = ImageOps.fit(opened.convert("RGB"), _PHOTOGRAPH)
        made[f"good-{number}"] = _saved(photograph.rotate(180 * (number % 2)), "JPEG", quality=85)
    return made


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def _flat(mode: str, side: int) -> Image.Image:
    return Image.new(mode, (side, side))


def _bitmap_of_runs() -> bytes:
    runs, width, height = b"\1\5" * 1_000_000, 1_000, 1_000
    palette = bytes(4 * 256)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    offset = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset) + header + palette + runs


def _gif_of_extensions() -> bytes:
    gif = _saved(_flat("P", 100), "GIF")
    return gif[:13] + b"\x21\xfe\0" * 1_000_000 + gif[13:]
