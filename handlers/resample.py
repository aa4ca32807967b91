"""The pixels of one original on their way down, in as few operations as the quality allows.

YCbCr stays in planes: chroma is resized at half the scale of luma, because that is how JPEG,
WebP and AVIF store it again, and luma alone gets the expensive filter. Anything else (RGB, alpha,
CMYK) is resized as one image.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from handlers.geometry import Box, Placement, Size

# A source this many times the size of a variant loses nothing by having been resized before.
_CASCADE_GAP = 1.5

# From this ratio on, whole pixels are averaged first and the filter does the rest. At 1.5 the
# structural similarity falls by 0.0002 and the resize of an undrafted original costs 40 %.
_REDUCING_GAP = 1.5

_LUMA_FILTER = Image.Resampling.LANCZOS
_CHROMA_FILTER = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class Frame:
    """A picture in stored orientation.

    `scale` is its pixels per pixel of the original, across and down. With `chroma`, `pixels` is
    the luma plane and `chroma` holds Cb and Cr at half that scale.
    """

    pixels: Image.Image
    scale: tuple[float, float]
    chroma: tuple[Image.Image, ...] = ()


def in_planes(image: Image.Image, scale: tuple[float, float]) -> Frame:
    """The frame of a loaded YCbCr image."""
    luma, *chroma = image.split()
    return Frame(luma, scale, tuple(plane.reduce(2) for plane in chroma))


def cascade(base: Frame, original: Size, wanted: Mapping[str, Placement]) -> dict[str, Image.Image]:
    """Every placement by name, in the mode of the base (YCbCr for planes).

    `wanted` and `original` (pixels) are in stored orientation. The largest comes from the base,
    each smaller one from the smallest whole picture that is still large enough; every size and
    box is computed from the original's, so that roundings do not add up.
    """
    sources, finished = [base], {}
    for name, placement in sorted(wanted.items(), key=lambda item: max(item[1].scale), reverse=True):
        source = next((each for each in reversed(sources) if _is_enough(each, placement)), base)
        resized = _resized(source, placement)
        finished[name] = _merged(resized)
        if placement.shows_all_of(original):
            sources.append(resized)
    return finished


def _is_enough(source: Frame, placement: Placement) -> bool:
    return all(have >= _CASCADE_GAP * need for have, need in zip(source.scale, placement.scale, strict=True))


def _resized(source: Frame, placement: Placement) -> Frame:
    across, down = source.scale
    pixels = _resize(source.pixels, placement.size, _scaled(placement.box, across, down), _LUMA_FILTER)
    if not source.chroma:
        return Frame(pixels, placement.scale)
    # Chroma pairs pixels; what an odd size leaves over is filled in when the planes are merged.
    (left, top, right, bottom), (width, height) = placement.box, placement.size
    half = (width // 2, height // 2)
    paired = (
        left,
        top,
        left + (right - left) * 2 * half[0] / width,
        top + (bottom - top) * 2 * half[1] / height,
    )
    box = _scaled(paired, across / 2, down / 2)
    chroma = tuple(_resize(plane, half, box, _CHROMA_FILTER) for plane in source.chroma)
    return Frame(pixels, placement.scale, chroma)


def _scaled(box: Box, across: float, down: float) -> Box:
    left, top, right, bottom = box
    return left * across, top * down, right * across, bottom * down


def _resize(image: Image.Image, size: Size, box: Box, resample: Image.Resampling) -> Image.Image:
    left, top, right, bottom = box
    box = (left, top, min(right, image.width), min(bottom, image.height))
    return image.resize(size, resample, box, reducing_gap=_REDUCING_GAP)


def _merged(frame: Frame) -> Image.Image:
    """One image. Chroma is doubled without a filter: the encoder averages the same pairs again."""
    if not frame.chroma:
        return frame.pixels
    return Image.merge(
        "YCbCr", (frame.pixels, *(_doubled(plane, frame.pixels.size) for plane in frame.chroma))
    )


def _doubled(plane: Image.Image, size: Size) -> Image.Image:
    even = (plane.width * 2, plane.height * 2)
    doubled = plane.resize(even, Image.Resampling.NEAREST)
    if even == size:
        return doubled
    whole = Image.new("L", size)
    whole.paste(doubled)
    if size[0] > even[0]:
        whole.paste(whole.crop((even[0] - 1, 0, even[0], size[1])), (even[0], 0))
    if size[1] > even[1]:
        whole.paste(whole.crop((0, even[1] - 1, size[0], even[1])), (0, even[1]))
    return whole
