"""What people would pick instead, each written the way its documentation recommends.

An engine takes the path of an original and the presets, largest first, and gives the CPU
milliseconds it took and the encoded variants.
"""

import base64
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
import simplejpeg
from PIL import Image, ImageCms, ImageOps

from bench.render.limits import LIMITS
from handlers.contract.presets import Preset
from handlers.rendering.render import render

Engine = Callable[[Path, Sequence[Preset]], tuple[float, list[bytes]]]
HERE = Path(__file__).parent
LANCZOS = Image.Resampling.LANCZOS

cv2.setNumThreads(1)
pyvips.cache_set_max(0)


def timed(work: Callable[[bytes, Sequence[Preset]], list[bytes]]) -> Engine:
    """An engine of this process."""

    def run(path: Path, presets: Sequence[Preset]) -> tuple[float, list[bytes]]:
        data = path.read_bytes()
        before = time.process_time()
        outputs = work(data, presets)
        return 1000 * (time.process_time() - before), outputs

    return run


def ours(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """The renderer of this project."""
    return [variant.data for variant in render(data, presets, LIMITS).variants.values()]


def naive(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """Pillow as most code uses it: open, turn, resize from the full image for each size, save."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    return [_pillow_encoded(_pillow_fitted(image, preset), preset) for preset in presets]


def opencv(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """Reduced decode where the format has one, then INTER_AREA in a cascade."""
    size = Image.open(io.BytesIO(data)).size
    factor = max(size) // max(presets[0].width, presets[0].height)
    flag = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2}.get(
        min(factor, 4), cv2.IMREAD_REDUCED_COLOR_4
    )
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flag if data[:2] == b"\xff\xd8" else cv2.IMREAD_COLOR)
    outputs = []
    for preset in presets:
        height, width = image.shape[:2]
        scale = (max if preset.fit == "cover" else min)(preset.width / width, preset.height / height)
        image = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        quality = cv2.IMWRITE_JPEG_QUALITY if preset.format == "jpeg" else cv2.IMWRITE_WEBP_QUALITY
        top, left = (image.shape[0] - preset.height) // 2, (image.shape[1] - preset.width) // 2
        shown = (
            image[top : top + preset.height, left : left + preset.width] if preset.fit == "cover" else image
        )
        outputs.append(cv2.imencode(f".{preset.extension}", shown, [quality, preset.quality])[1].tobytes())
    return outputs


def vips(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """pyvips: thumbnail_buffer, which shrinks on load, then a cascade from memory."""
    first, *others = presets
    image = _vips_sized(
        lambda width, **options: pyvips.Image.thumbnail_buffer(data, width, export_profile="srgb", **options),
        first,
    )
    outputs = [_vips_encoded(image, first)]
    for preset in others:
        image = _vips_sized(image.thumbnail_image, preset)
        outputs.append(_vips_encoded(image, preset))
    return outputs


def simple(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """Simplejpeg's scaled decode in eighths, then Pillow's LANCZOS in a cascade. JPEG only."""
    largest = presets[0]
    pixels = simplejpeg.decode_jpeg(data, min_width=largest.width, min_height=1, min_factor=1)
    image = Image.fromarray(pixels)
    outputs = []
    for preset in presets:
        image = _pillow_fitted(image, preset)
        if preset.format == "jpeg":
            outputs.append(simplejpeg.encode_jpeg(np.asarray(image), preset.quality, colorsubsampling="420"))
        else:
            outputs.append(_pillow_encoded(image, preset))
    return outputs


def codecs(data: bytes, presets: Sequence[Preset]) -> list[bytes]:
    """Simplejpeg's scaled decode and its encodes, with no resize between. JPEG only."""
    largest = presets[0]
    pixels = simplejpeg.decode_jpeg(data, min_width=largest.width, min_height=1, min_factor=1)
    outputs = []
    for preset in presets:
        scale = preset.width / max(pixels.shape[:2])
        part = pixels[: round(pixels.shape[0] * scale), : round(pixels.shape[1] * scale)]
        outputs.append(
            simplejpeg.encode_jpeg(np.ascontiguousarray(part), preset.quality, colorsubsampling="420")
        )
    return outputs


def reference(data: bytes, preset: Preset) -> Image.Image:
    """What a variant should look like: decoded in full, to sRGB in full, one LANCZOS resize."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    profile = Image.open(io.BytesIO(data)).info.get("icc_profile")
    if profile:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(image, embedded, ImageCms.createProfile("sRGB"))
    return _pillow_fitted(image, preset)


class Worker:
    """An engine in a separate process, which measures itself."""

    def __init__(self, *command: str, folder: Path | None = None) -> None:
        """Start it."""
        self.peak_mib = 0.0
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def engine(self, way: str = "") -> Engine:
        """An engine; `way` is for workers that know more than one."""

        def run(path: Path, presets: Sequence[Preset]) -> tuple[float, list[bytes]]:
            request = {"path": str(path), "way": way, "presets": [asdict(preset) for preset in presets]}
            answer = self._ask(request)
            self.peak_mib = answer.get("peak_mib", 0.0)
            return answer["ms"], [base64.b64decode(each) for each in answer["outputs"]]

        return run

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def sharp_worker() -> Worker:
    """sharp; its ways are `cascade` and `thrice`."""
    return Worker("node", "sharp.mjs", folder=HERE)


def python_worker(name: str) -> Worker:
    """One of the engines of this module, by the name of its function."""
    return Worker(sys.executable, "-m", "bench.render.worker", name)


def _pillow_fitted(image: Image.Image, preset: Preset) -> Image.Image:
    if preset.fit == "cover":
        return ImageOps.fit(image, (preset.width, preset.height), LANCZOS)
    scale = min(preset.width / image.width, preset.height / image.height, 1)
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), LANCZOS)


def _pillow_encoded(image: Image.Image, preset: Preset) -> bytes:
    output = io.BytesIO()
    image.save(output, preset.format, quality=preset.quality)
    return output.getvalue()


def _vips_sized(thumbnail: Callable[..., pyvips.Image], preset: Preset) -> pyvips.Image:
    crop = {"crop": "centre"} if preset.fit == "cover" else {"size": "down"}
    return thumbnail(preset.width, height=preset.height, **crop).copy_memory()


def _vips_encoded(image: pyvips.Image, preset: Preset) -> bytes:
    suffix = ".jpg" if preset.format == "jpeg" else ".webp"
    encoded: bytes = image.write_to_buffer(suffix, Q=preset.quality, keep="none")
    return encoded
