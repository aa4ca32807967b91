"""Where every variant comes from: sizes and crop boxes, computed from the original's own size."""

import math
from dataclasses import dataclass

from handlers.contract.presets import Preset

Size = tuple[int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placement:
    """What one variant shows: `box` of the original (pixels) becomes an image of `size` (pixels)."""

    box: Box
    size: Size

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the variant per pixel of the original, horizontally and vertically."""
        left, top, right, bottom = self.box
        return self.size[0] / (right - left), self.size[1] / (bottom - top)

    def shows_all_of(self, original: Size) -> bool:
        """Whether nothing of the original (pixels) is cropped away."""
        left, top, right, bottom = self.box
        return (left, top) == (0, 0) and (right, bottom) == original


def place(preset: Preset, width: int, height: int, focus: tuple[float, float] = (0.5, 0.5)) -> Placement:
    """Fit an upright original of `width` x `height` pixels into the box of a preset.

    `contain` and `cover` keep the aspect ratio. Without `enlarge`, an original smaller than the
    box gives a smaller variant, for `cover` of the box's own shape. `fill` has exactly the size
    of the box. `focus` says what `cover` keeps: 0 the left or top end, 1 the right or bottom end.
    """
    largest = math.inf if preset.enlarge else 1.0
    if preset.fit == "fill":
        return Placement((0, 0, width, height), (preset.width, preset.height))
    if preset.fit == "contain":
        scale = min(preset.width / width, preset.height / height, largest)
        return Placement((0, 0, width, height), (_side(width * scale), _side(height * scale)))
    scale = max(preset.width / width, preset.height / height)
    shrink = min(1.0, largest / scale)
    size = (_side(preset.width * shrink), _side(preset.height * shrink))
    crop_width = min(width, preset.width / scale)
    crop_height = min(height, preset.height / scale)
    left, top = (width - crop_width) * focus[0], (height - crop_height) * focus[1]
    return Placement((left, top, left + crop_width, top + crop_height), size)


def _side(length: float) -> int:
    return max(1, round(length))
