"""The renderer: bytes and presets in, variants and facts out.

Pure: no files, no network, no state but the allocator's. The only errors it raises on purpose are those of
`handlers.contract.rejections`. It decodes no more pixels than the largest variant needs, and every
variant is resized from the smallest image at hand that is large enough.
"""

from collections.abc import Sequence

from PIL import Image

from handlers.contract.formats import FORMATS
from handlers.contract.presets import Limits, Preset
from handlers.rendering import colour, decode, smart_crop
from handlers.rendering.allocator import keep_freed_memory
from handlers.rendering.encode import encode
from handlers.rendering.geometry import Size, place
from handlers.rendering.metadata import xmp
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.metadata.read import Metadata
from handlers.rendering.metadata.read import read as read_metadata
from handlers.rendering.orientation import stored, upright_image, upright_size
from handlers.rendering.resample import Need, cascade
from handlers.rendering.result import Facts, Rendered, RenderedVariant
from handlers.rendering.thumbhash import MAX_SIDE as PREVIEW_SIDE
from handlers.rendering.thumbhash import placeholder

_PREVIEW = Preset(name="", width=PREVIEW_SIDE, height=PREVIEW_SIDE, fit="contain", format="png", quality=100)


def render(data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
    """Render every preset of one original.

    Raises ImageRejected (one of its subclasses) if the bytes can never become variants.
    """
    keep_freed_memory()
    original = decode.read(data, limits)
    turn = original.orientation
    width, height = upright_size(original.size, turn)
    presets_and_preview = (*presets, _PREVIEW)
    across, down = zip(
        *(stored(place(each, width, height), width, height, turn).scale for each in presets_and_preview),
        strict=True,
    )
    lossy = all(preset.format != "png" for preset in presets)
    base = original.decode(Need((max(across), max(down)), planes=lossy))
    edges = _edges(base.pixels, turn, presets)
    upright = {
        preset.name: place(preset, width, height, _focus(edges, preset, (width, height)))
        for preset in presets_and_preview
    }
    wanted = {name: stored(placement, width, height, turn) for name, placement in upright.items()}
    finished = {
        name: upright_image(colour.to_srgb(image, original.profile), turn)
        for name, image in cascade(base, original.size, wanted).items()
    }
    small = finished.pop(_PREVIEW.name)
    metadata = _metadata(original.metadata)
    packet = xmp.write(metadata.rights)
    preview = (colour.rgb(small) if small.mode == "YCbCr" else small).convert("RGBA")
    return Rendered(
        variants={
            preset.name: RenderedVariant(
                preset=preset,
                data=encode(finished[preset.name], preset, packet),
                width=upright[preset.name].size[0],
                height=upright[preset.name].size[1],
            )
            for preset in presets
        },
        facts=Facts(
            format=original.format,
            content_type=FORMATS[original.format].content_types[0],
            width=width,
            height=height,
            frames=original.frames,
            bit_depth=original.bit_depth,
            has_alpha=preview.getchannel("A").getextrema() != (255, 255),
            dominant_color=_dominant_color(preview),
            placeholder=placeholder(preview),
            captured_at=metadata.captured_at,
            camera=metadata.camera,
        ),
    )


def _metadata(blocks: MetadataBlocks) -> Metadata:
    """What the metadata says. A picture is worth more than its metadata, so nothing is raised for it."""
    try:
        return read_metadata(blocks)
    except Exception:  # noqa: BLE001 - the readers are not meant to raise; their tests call them without this
        return Metadata()


def _edges(pixels: Image.Image, orientation: int, presets: Sequence[Preset]) -> Image.Image | None:
    if all(preset.position == "centre" for preset in presets):
        return None
    return upright_image(smart_crop.detail(pixels), orientation)


def _focus(edges: Image.Image | None, preset: Preset, size: Size) -> tuple[float, float]:
    if edges is None or preset.position == "centre":
        return (0.5, 0.5)
    return smart_crop.focus(edges, (preset.width, preset.height), size)


def _dominant_color(preview: Image.Image) -> str:
    red, green, blue = colour.flattened(preview).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"
