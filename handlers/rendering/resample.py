"""The pixels of one original on their way down, in as few operations as the quality allows.

YCbCr stays in planes: chroma is resized at half the scale of luma, because that is how JPEG,
WebP and AVIF store it again, and luma alone gets the expensive filter. Anything else (RGB, alpha,
CMYK) is resized as one image.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PIL import Image

from handlers.rendering import colour, vector_code
from handlers.rendering.geometry import Box, Placement, Size

Scale = tuple[float, float]

# A source this many times the size of a variant loses nothing by having been resized before.
_CASCADE_GAP = 1.5

# From this ratio on, whole pixels are averaged first and the filter does the rest. At 1.5 the
# structural similarity falls by 0.0002 and the resize of an undrafted original costs 40 %.
_REDUCING_GAP = 1.5
_CHROMA_REDUCING_GAP = 1.25

# Below this many pixels the calls of `_resize_plane` cost what they save.
_WORTH_VECTOR_CODE = 128 * 128
_ROUNDING = 1e-6

_LUMA_FILTER = Image.Resampling.LANCZOS
_SMALLEST_IN_PLANES = 16
# Chroma fresh from the decoder can take the softer, cheaper filter; again would show.
_FIRST_CHROMA_FILTER = Image.Resampling.HAMMING
_NEXT_CHROMA_FILTER = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class Frame:
    """A picture in stored orientation.

    `scale` is its pixels per pixel of the original, across and down. With `chroma`, `pixels` is
    the luma plane and `chroma` holds Cb and Cr at `chroma_scale`.
    """

    pixels: Image.Image
    scale: Scale
    chroma: tuple[Image.Image, ...] = ()
    chroma_scale: Scale = (1.0, 1.0)
    resized: bool = False


@dataclass(frozen=True)
class Need:
    """What the variants ask of a decoder.

    `scale` is the pixels per pixel of the original that the largest one has, across and down;
    `planes` whether chroma may be halved, because every variant's format halves it anyway.
    """

    scale: Scale
    planes: bool

    def planes_serve(self, size: Size) -> bool:
        """Whether an original of `size` pixels goes into planes: chroma pairs need some pixels."""
        return self.planes and all(
            side * min(1.0, scale) >= _SMALLEST_IN_PLANES
            for side, scale in zip(size, self.scale, strict=True)
        )

    def shrinks_by(self, scale: Scale = (1.0, 1.0)) -> int:
        """How many whole pixels of an image at `scale` may be averaged before the filter."""
        return max(1, int(max(scale) / max(self.scale) / _REDUCING_GAP))

    def chroma_shrinks_by(self, scale: Scale) -> int:
        """The same for chroma planes at `scale`, of which half is enough."""
        return max(2, int(2 * max(scale) / max(self.scale) / _CHROMA_REDUCING_GAP))

    def averages(self) -> tuple[int, int]:
        """How many whole pixels of the original are averaged, and how many averages again for chroma."""
        factor = self.shrinks_by()
        return factor, self.chroma_shrinks_by(_divided((1.0, 1.0), factor))


def in_planes(image: Image.Image, scale: Scale, need: Need) -> Frame:
    """The frame of a YCbCr image, whose chroma is averaged before it is split: a third of the memory."""
    factor = need.chroma_shrinks_by(scale)
    _, *chroma = image.reduce(factor).split()
    return Frame(image.getchannel(0), scale, tuple(chroma), _divided(scale, factor))


def of_whole(image: Image.Image, need: Need) -> Frame:
    """The frame of an image that was decoded at its full size, in a mode that can be averaged."""
    if image.mode != "RGB" or not need.planes_serve(image.size):
        return Frame(image, (1.0, 1.0))
    factor, again = need.averages()
    return _averaged(image, factor, again)


def of_strips(strips: Iterable[Image.Image], size: Size, need: Need) -> Frame:
    """The same for an RGB image that goes into planes, from strips of a multiple of the averaged rows."""
    factor, again = need.averages()
    luma = Image.new("L", _shrunk(size, factor))
    chroma = [Image.new("L", _shrunk(luma.size, again)) for _ in range(2)]
    top = 0
    for strip in strips:
        frame = _averaged(strip, factor, again)
        luma.paste(frame.pixels, (0, top // factor))
        for plane, part in zip(chroma, frame.chroma, strict=True):
            plane.paste(part, (0, top // factor // again))
        top += strip.height
    return Frame(luma, _divided((1.0, 1.0), factor), tuple(chroma), _divided((1.0, 1.0), factor * again))


def _averaged(image: Image.Image, factor: int, again: int) -> Frame:
    averages = image.reduce(factor) if factor > 1 else image
    chroma = colour.chroma(averages.reduce(again))
    scale = _divided((1.0, 1.0), factor)
    return Frame(colour.luma(averages), scale, chroma, _divided(scale, again))


def _shrunk(size: Size, factor: int) -> Size:
    return -(-size[0] // factor), -(-size[1] // factor)


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
    resize = _resize_plane if source.pixels.mode == "L" else _resize
    pixels = resize(source.pixels, placement.size, _scaled(placement.box, across, down), _LUMA_FILTER)
    if not source.chroma:
        return Frame(pixels, placement.scale, resized=True)
    # Chroma pairs pixels; what an odd size leaves over is filled in when the planes are merged.
    (left, top, right, bottom), (width, height) = placement.box, placement.size
    half = (max(1, width // 2), max(1, height // 2))
    paired = (
        left,
        top,
        left + (right - left) * min(1, 2 * half[0] / width),
        top + (bottom - top) * min(1, 2 * half[1] / height),
    )
    box = _scaled(paired, *source.chroma_scale)
    resample = _NEXT_CHROMA_FILTER if source.resized else _FIRST_CHROMA_FILTER
    chroma = tuple(_resize(plane, half, box, resample) for plane in source.chroma)
    return Frame(pixels, placement.scale, chroma, _divided(placement.scale, 2), resized=True)


def _divided(scale: Scale, factor: int) -> Scale:
    return scale[0] / factor, scale[1] / factor


def _scaled(box: Box, across: float, down: float) -> Box:
    left, top, right, bottom = box
    return left * across, top * down, right * across, bottom * down


def _resize(image: Image.Image, size: Size, box: Box, resample: Image.Resampling) -> Image.Image:
    left, top, right, bottom = box
    box = (left, top, min(right, image.width), min(bottom, image.height))
    return image.resize(size, resample, box, reducing_gap=_REDUCING_GAP)


def _resize_plane(plane: Image.Image, size: Size, box: Box, resample: Image.Resampling) -> Image.Image:
    """As `_resize`, but in vector code for a whole plane of 8-bit samples that gets smaller.

    Only columns are filtered; a transposition turns rows into columns.
    """
    left, top, right, bottom = box
    factors = (max(1, int(right / size[0] / _REDUCING_GAP)), max(1, int(bottom / size[1] / _REDUCING_GAP)))
    reduced = (right / factors[0], bottom / factors[1])
    if (
        resample != Image.Resampling.LANCZOS
        or (left, top) != (0, 0)
        or size[0] * size[1] < _WORTH_VECTOR_CODE
        or any(abs(end - side) > _ROUNDING for end, side in zip(box[2:], plane.size, strict=True))
        or any(abs(side - round(side)) > _ROUNDING for side in reduced)
        or any(side < new for side, new in zip(reduced, size, strict=True))
        or not vector_code.library()
    ):
        return _resize(plane, size, box, resample)
    if factors != (1, 1):
        plane = plane.reduce(factors)
    turned = _shrunk_columns(plane, size[1]).transpose(Image.Transpose.TRANSPOSE)
    return _shrunk_columns(turned, size[0]).transpose(Image.Transpose.TRANSPOSE)


def _shrunk_columns(plane: Image.Image, height: int) -> Image.Image:
    shrunk = vector_code.shrunk_columns(plane.tobytes(), *plane.size, height)
    return Image.frombytes("L", (plane.width, height), shrunk)


def _merged(frame: Frame) -> Image.Image:
    """One image. Chroma is doubled without a filter: the encoder averages the same pairs again."""
    if not frame.chroma:
        return frame.pixels
    return Image.merge(
        "YCbCr", (frame.pixels, *(_doubled(plane, frame.pixels.size) for plane in frame.chroma))
    )


def _doubled(plane: Image.Image, size: Size) -> Image.Image:
    even = (min(plane.width * 2, size[0]), min(plane.height * 2, size[1]))
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
