"""The renderer: bytes and presets in, variants and facts out.

Pure: no files, no network, no state. The only errors it raises on purpose are those of
`handlers.rejections`. It decodes no more pixels than the largest variant needs, and every
variant is resized from the smallest image at hand that is large enough.
"""

from collections.abc import Iterable, Sequence

from PIL import Image, ImageFile, JpegImagePlugin

from handlers import colour, decode
from handlers.encode import encode
from handlers.geometry import Placement, place, stored, upright_size
from handlers.placeholder import MAX_SIDE as PREVIEW_SIDE
from handlers.placeholder import placeholder
from handlers.presets import Limits, Preset
from handlers.renderings import Facts, Rendered, Variant
from handlers.resample import Frame, cascade, in_planes

_SMALLEST_IN_PLANES = 2
_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def render(data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
    """Render every preset of one original.

    Raises ImageRejected (one of its subclasses) if the bytes can never become variants.
    """
    image = decode.open_image(data, limits)
    orientation = _orientation(image)
    frame = image.size
    width, height = upright_size(frame, orientation)
    upright = {preset.name: place(preset, width, height) for preset in presets}
    preview = place(_PREVIEW, width, height)
    wanted = {name: stored(placement, width, height, orientation) for name, placement in upright.items()}
    wanted[""] = stored(preview, width, height, orientation)

    profile = image.info.get("icc_profile")
    bit_depth, frames = _bit_depth(image), min(int(getattr(image, "n_frames", 1)), limits.max_frames)
    resized = cascade(_decoded(image, list(wanted.values())), frame, wanted)
    finished = {name: _upright(colour.to_srgb(each, profile), orientation) for name, each in resized.items()}
    small = finished.pop("").convert("RGBA")
    variants = {
        preset.name: Variant(
            preset=preset,
            data=encode(finished[preset.name], preset),
            width=upright[preset.name].size[0],
            height=upright[preset.name].size[1],
        )
        for preset in presets
    }
    return Rendered(
        variants=variants,
        facts=Facts(
            format=image.format or "",
            content_type=decode.CONTENT_TYPES[image.format or ""],
            width=width,
            height=height,
            frames=frames,
            bit_depth=bit_depth,
            has_alpha=small.getchannel("A").getextrema() != (255, 255),
            dominant_color=_dominant_color(small),
            placeholder=placeholder(small),
        ),
    )


_PREVIEW = Preset(
    name="preview", width=PREVIEW_SIDE, height=PREVIEW_SIDE, fit="contain", format="png", quality=100
)


def _decoded(image: ImageFile.ImageFile, placements: Iterable[Placement]) -> Frame:
    """The full frame, decoded at no more than the scale the largest placement needs."""
    width, height = image.size
    scale = (1.0, 1.0)
    planes = False
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        planes = _is_ycc(image) and all(min(each.size) >= _SMALLEST_IN_PLANES for each in placements)
        across = max(placement.scale[0] for placement in placements)
        down = max(placement.scale[1] for placement in placements)
        size = (max(1, int(width * min(1, across))), max(1, int(height * min(1, down))))
        drafted = image.draft("YCbCr" if planes else None, size)
        if drafted:
            _, box = drafted
            scale = (box[2] / width, box[3] / height)
    decode.load(image)
    return in_planes(image, scale) if planes else Frame(colour.resizable(image), scale)


def _is_ycc(image: JpegImagePlugin.JpegImageFile) -> bool:
    return len(image.layer) == 3 and (
        "jfif" in image.info
        or image.info.get("adobe_transform") == 1
        or ([component[0] for component in image.layer] == [1, 2, 3] and "adobe" not in image.info)
    )


def _orientation(image: ImageFile.ImageFile) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - metadata that cannot be read is metadata that is not there
        return 1
    return value if value in _TRANSPOSE else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image


def _bit_depth(image: ImageFile.ImageFile) -> int:
    return 16 if image.mode.startswith("I") else 8


def _dominant_color(preview: Image.Image) -> str:
    red, green, blue = colour.flattened(preview).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"
