"""Structural similarity at equal bytes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from bench.render.engines import Engine, reference
from handlers.contract.presets import Preset

TARGET_QUALITY = 82


def similarity(data: bytes, target: Image.Image) -> float:
    """Structural similarity (Wang et al. 2004, Gaussian window) of the luma of an encoded image."""
    image = Image.open(io.BytesIO(data)).convert("L")
    if image.size != target.size:  # engines round a side differently
        image = image.resize(target.size, Image.Resampling.LANCZOS)
    return float(
        structural_similarity(
            np.asarray(image, np.float64),
            np.asarray(target.convert("L"), np.float64),
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def at_equal_bytes(encode: Callable[[int], bytes], target: Image.Image, size: int) -> float:
    """The similarity an encoder reaches in `size` bytes, between its two nearest qualities."""
    quality = TARGET_QUALITY
    below = encode(quality)
    while len(below) > size and quality > 1:
        quality -= 1
        below = encode(quality)
    above = encode(quality + 1)
    while len(above) <= size and quality < 99:
        quality, below = quality + 1, above
        above = encode(quality + 1)
    if len(above) == len(below):
        return similarity(below, target)
    share = (size - len(below)) / (len(above) - len(below))
    return (1 - share) * similarity(below, target) + share * similarity(above, target)


class Judge:
    """Knows what the largest variant of each photograph should look like."""

    def __init__(self, path: Path, preset: Preset) -> None:
        """Render the reference of one photograph."""
        self._path, self._preset = path, preset
        self._target = reference(path.read_bytes(), preset)
        output = io.BytesIO()
        self._target.save(output, "JPEG", quality=TARGET_QUALITY)
        self._size = len(output.getvalue())

    def score(self, engine: Engine) -> float:
        """The similarity of an engine's largest variant, at the bytes of the reference."""

        def encode(quality: int) -> bytes:
            presets: Sequence[Preset] = [replace(self._preset, quality=quality)]
            return engine(self._path, presets)[1][0]

        return at_equal_bytes(encode, self._target, self._size)
