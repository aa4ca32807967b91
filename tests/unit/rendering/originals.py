"""Originals to render, made by the tests themselves."""

import io
import struct
import zlib

import pillow_heif
from PIL import Image, ImageDraw

from handlers.contract.presets import Limits, parse_presets
from handlers.rendering.render import render
from handlers.rendering.result import Rendered

pillow_heif.register_heif_opener()

LIMITS = Limits(
    max_bytes=50 * 2**20,
    max_pixels=50_000_000,
    max_side=30_000,
    max_frames=50,
    max_metadata_bytes=2 * 2**20,
)
DEFAULTS = parse_presets(
    ["thumbnail 128x128 cover jpeg", "small 512x512 contain webp", "large 1600x1600 contain webp"]
)
ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def picture(width: int = 120, height: int = 80, mode: str = "RGB") -> Image.Image:
    """Smooth and colourful, with no symmetry that would hide a wrong turn."""
    ramp = Image.linear_gradient("L").resize((width, height))
    disc = Image.radial_gradient("L").resize((width, height))
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    image = Image.merge("RGB", (ramp, disc, across))
    if "A" in mode:
        image.putalpha(disc)
    return image.convert(mode)


def quarters(width: int, height: int) -> Image.Image:
    """Red, green, blue and white, clockwise from the top left."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill="lime")
    draw.rectangle((width // 2, height // 2, width, height), fill="blue")
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill="white")
    return image


def rendered(data: bytes, *lines: str, limits: Limits = LIMITS) -> Rendered:
    """Render with the preset lines; a `thumbnail` is added where none of them is one."""
    if not any(line.startswith("thumbnail ") for line in lines):
        lines = (*lines, "thumbnail 16x16 contain jpeg")
    return render(data, parse_presets(lines), limits)


def variant(data: bytes, recipe: str) -> Image.Image:
    """The one variant of a recipe such as `64x64 cover png`, decoded."""
    result = Image.open(io.BytesIO(rendered(data, f"thumbnail {recipe}").variants["thumbnail"].data))
    result.load()
    return result


def near(actual, expected, tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(actual, expected, strict=True))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks right after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def jpeg_with(data: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments right after its start."""
    return data[:2] + b"".join(segments) + data[2:]


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


SMALL = {
    "jpeg": encoded(picture(), "JPEG"),
    "progressive jpeg": encoded(picture(), "JPEG", progressive=True),
    "cmyk jpeg": encoded(picture(mode="CMYK"), "JPEG"),
    "grey jpeg": encoded(picture(mode="L"), "JPEG"),
    "mpo": encoded(picture(), "MPO", save_all=True, append_images=[picture(60, 40)]),
    "png": encoded(picture(mode="RGBA"), "PNG"),
    "palette png": encoded(picture().quantize(16), "PNG"),
    "16-bit png": encoded(Image.new("I;16", (120, 80), 30_000), "PNG"),
    "apng": encoded(picture(), "PNG", save_all=True, append_images=[picture().rotate(9)]),
    "webp": encoded(picture(), "WEBP"),
    "alpha webp": encoded(picture(mode="RGBA"), "WEBP"),
    "lossless webp": encoded(picture(), "WEBP", lossless=True),
    "animated webp": encoded(picture(), "WEBP", save_all=True, append_images=[picture().rotate(9)]),
    "gif": encoded(picture(), "GIF"),
    "animated gif": encoded(picture(), "GIF", save_all=True, append_images=[picture().rotate(9)]),
    "tiff": encoded(picture(), "TIFF"),
    "lzw tiff": encoded(picture(), "TIFF", compression="tiff_lzw"),
    "fax tiff": encoded(picture(mode="1"), "TIFF", compression="group4"),
    "jpeg tiff": encoded(picture(), "TIFF", compression="jpeg"),
    "bmp": encoded(picture(), "BMP"),
    "avif": encoded(picture(), "AVIF"),
    "heic": encoded(picture(), "HEIF"),
}
# Large enough for the ways that are worth it for photographs only.
LARGE = {
    "large jpeg": encoded(picture(1200, 900), "JPEG"),
    "large png": encoded(picture(1200, 900), "PNG"),
    "large rgba png": encoded(picture(901, 601, "RGBA"), "PNG"),
    "large webp": encoded(picture(1200, 900), "WEBP"),
}
