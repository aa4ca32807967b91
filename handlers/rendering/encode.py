"""Pixels → the bytes of a variant, with no metadata but a packet of XMP."""

import io
from typing import Any

from PIL import Image, PngImagePlugin

from handlers.contract.presets import Preset, effort_of
from handlers.rendering.colour import flattened, rgb

_PROGRESSIVE = 2


def encode(image: Image.Image, preset: Preset, packet: bytes = b"") -> bytes:
    """Encode an sRGB image (L, LA, RGB or RGBA) as the preset says; `packet` is its XMP, if it has any."""
    image = flattened(image) if preset.format == "jpeg" else image
    image.info.clear()
    if image.mode == "YCbCr" and preset.format != "jpeg":
        image = rgb(image)
    if preset.format == "webp" and image.mode in {"L", "LA"}:
        image = image.convert("RGBA" if image.mode == "LA" else "RGB")
    if preset.format == "avif" and image.mode == "LA":
        image = image.convert("RGBA")
    output = io.BytesIO()
    image.save(output, preset.format.upper(), **_options(preset), **_metadata(preset, packet))
    return output.getvalue()


def _metadata(preset: Preset, packet: bytes) -> dict[str, Any]:
    if not packet or preset.metadata == "none":
        return {}
    if preset.format != "png":
        return {"xmp": packet}
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", packet.decode())
    return {"pnginfo": chunks}


def _options(preset: Preset) -> dict[str, Any]:
    effort = effort_of(preset)
    if preset.format == "jpeg":
        return {"quality": preset.quality, "optimize": effort == 1, "progressive": effort == _PROGRESSIVE}
    if preset.format == "webp":
        return {"quality": preset.quality, "method": effort}
    if preset.format == "avif":
        return {"quality": preset.quality, "speed": 10 - effort, "max_threads": 1}
    return {"compress_level": effort}
