"""Bytes → a Pillow image whose header has been checked against the limits.

Only the formats of the allow-list are ever identified, each by its own plugin: no other plugin
is imported, and neither the declared content type nor a file name is looked at.
"""

import importlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from PIL import Image, ImageFile

from handlers.presets import Limits
from handlers.rejections import (
    EmptyObject,
    FormatNotAllowed,
    ImageRejected,
    NotAnImage,
    TooLarge,
    TooManyPixels,
    TooMuchMemory,
    TooMuchMetadata,
    Truncated,
)

MIB = 1024 * 1024

CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}

# Format → Pillow's plugin module and the class in it that opens a file.
_PLUGINS = {
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
}

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis", b"mif1", b"msf1"})

# Images (or what is often taken for one) that are recognised only to name the reason.
_FOREIGN = (
    b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF", b"8BPS", b"\x00\x00\x01\x00", b"\x00\x00\x02\x00",
    b"icns", b"SIMPLE  =", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51", b"qoif", b"DDS ", b"II+\x00", b"MM\x00+", b"\xd7\xcd\xc6\x9a", b"v/1\x01",
)  # fmt: skip


def sniff(data: bytes) -> str:
    """The format the bytes themselves claim, for example `JPEG`.

    Raises NotAnImage for bytes that look like no image and FormatNotAllowed for images of a
    format that is not decoded here.
    """
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        if data[8:12] in _AVIF_BRANDS:
            return "AVIF"
        raise FormatNotAllowed(data[8:12].decode("ascii", "replace"))
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(_FOREIGN) or start.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        raise FormatNotAllowed
    raise NotAnImage


def open_image(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    """Open an image and check its header; no pixel is decoded.

    Raises ImageRejected if the bytes are no image of an allowed format or exceed the limits.
    """
    if not data:
        raise EmptyObject
    if len(data) > limits.max_bytes:
        raise TooLarge(f"{len(data)} bytes, at most {limits.max_bytes}")
    module, opener = _PLUGINS[sniff(data)]
    plugin = importlib.import_module(f"PIL.{module}")
    with decoding(NotAnImage):
        image = cast("ImageFile.ImageFile", getattr(plugin, opener)(io.BytesIO(data)))
    _check(image, limits)
    image.decodermaxblock = len(data)  # the bytes are in memory: hand the decoder all of them
    return image


def load(image: Image.Image) -> None:
    """Decode the pixels. Raises Truncated if they are incomplete or damaged."""
    with decoding(Truncated):
        image.load()


@contextmanager
def decoding(failure: type[ImageRejected]) -> Iterator[None]:
    """Turn whatever Pillow's decoders raise on bad bytes into `failure`.

    They raise OSError, ValueError, SyntaxError, struct.error, zlib.error, KeyError and more, so
    the block must hold calls into Pillow only.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise TooManyPixels from error
        except ImageRejected:
            raise
        except MemoryError as error:
            raise TooMuchMemory from error
        except Exception as error:
            raise failure(type(error).__name__) from error


def _check(image: ImageFile.ImageFile, limits: Limits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise NotAnImage(f"{width}x{height}")
    if width * height > limits.max_pixels:
        raise TooManyPixels(f"{width}x{height}, at most {limits.max_pixels} pixels")
    if max(width, height) > limits.max_side:
        raise TooManyPixels(f"{width}x{height}, at most {limits.max_side} pixels a side")
    metadata = sum(len(value) for value in image.info.values() if isinstance(value, bytes | str))
    if metadata > limits.max_metadata_bytes:
        raise TooMuchMetadata(f"{metadata} bytes, at most {limits.max_metadata_bytes}")
