"""The companions of the good photographs: the worst of the hostile corpus, and honest ones at the limit.

The worst are those that take the most processor time, whether they end as variants or not: each stays just
within the bounds that would have it rejected at once. What is rejected takes less than a fifth of that.
"""

import io
import struct
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

SAMPLES = sorted((Path(__file__).parents[2] / "local" / "samples").glob("*.jpg"))
_LARGEST = (8660, 5773)  # of the default `maxPixels`
_PHOTOGRAPH = (4032, 3024)


def hostile() -> dict[str, bytes]:
    """Six files that keep the renderer busy as long as any of the corpus."""
    return {
        "bmp of runs of one pixel": _bitmap_of_runs(),
        "avif near the limit": _saved(_flat("RGB", 6_500), "AVIF", speed=10),
        "cmyk jpeg near the limit": _saved(_flat("CMYK", 6_700), "JPEG", progressive=True),
        "lossless webp near the limit": _saved(
            _flat("RGBA", 5_900), "WEBP", lossless=True, method=0, quality=0
        ),
        "jpeg of eighty scans": _scans(70),  # and the ten of its encoder
        "png at the limit": _saved(_flat("RGB", 7_070), "PNG", compress_level=1),
    }


def honest() -> dict[str, bytes]:
    """Six photographs as large as the default configuration lets in, with the noise of a sensor.

    Every second one as cameras write them, the others in scans, as programs export them for the web.
    """
    noise = Image.effect_noise(_LARGEST, 8).convert("RGB")
    made = {}
    for number, path in enumerate(SAMPLES):
        with Image.open(path) as opened:
            photograph = ImageOps.fit(opened.convert("RGB"), _LARGEST)
        photograph = ImageChops.add(photograph, noise, 1, -128)
        made[path.stem] = _saved(photograph, "JPEG", quality=90, progressive=bool(number % 2))
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
    runs, width, height = b"\1\5" * 500_000, 1_000, 500
    palette = bytes(4 * 256)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    offset = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset) + header + palette + runs


def _scans(count: int) -> bytes:
    """A progressive JPEG whose last scan, an empty refinement, comes again and again."""
    jpeg = _saved(Image.new("RGB", _PHOTOGRAPH, (200, 90, 10)), "JPEG", progressive=True)
    return jpeg[:-2] + jpeg[jpeg.rindex(b"\xff\xda") : -2] * count + jpeg[-2:]
