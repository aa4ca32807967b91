"""The image formats of the service: one table of names, content types, extensions and signatures."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class ImageFormat:
    """`name` is the `Format` of a row. The first content type and extension are the ones written, all are
    accepted. A file of the format starts with `signature`, or is an ISO base media file of one of the
    `brands` (https://mp4ra.org/registered-types/brands).
    """

    name: str
    content_types: tuple[str, ...]
    extensions: tuple[str, ...]
    signature: re.Pattern[bytes] | None = None
    brands: tuple[bytes, ...] = ()


# Signatures: https://mimesniff.spec.whatwg.org/#image-type-pattern-matching-algorithm
FORMATS: Final = {
    each.name: each
    for each in (
        ImageFormat(
            name="JPEG",
            content_types=("image/jpeg",),
            extensions=("jpg", "jpeg", "jpe", "jfif"),
            signature=re.compile(rb"\xff\xd8\xff"),
        ),
        ImageFormat(
            name="PNG",
            content_types=("image/png",),
            extensions=("png",),
            signature=re.compile(rb"\x89PNG\r\n\x1a\n"),
        ),
        ImageFormat(
            name="WEBP",
            content_types=("image/webp",),
            extensions=("webp",),
            signature=re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
        ),
        ImageFormat(
            name="GIF",
            content_types=("image/gif",),
            extensions=("gif",),
            signature=re.compile(rb"GIF8[79]a"),
        ),
        ImageFormat(
            name="TIFF",
            content_types=("image/tiff",),
            extensions=("tiff", "tif"),
            signature=re.compile(rb"II\*\0|MM\0\*"),
        ),
        ImageFormat(
            name="BMP", content_types=("image/bmp",), extensions=("bmp",), signature=re.compile(rb"BM")
        ),
        ImageFormat(
            name="AVIF", content_types=("image/avif",), extensions=("avif",), brands=(b"avif", b"avis")
        ),
        ImageFormat(
            name="HEIF",
            content_types=("image/heic", "image/heif"),
            extensions=("heic", "heif"),
            brands=(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
        ),
    )
}
CONTENT_TYPES: Final = tuple(sorted(kind for each in FORMATS.values() for kind in each.content_types))
"""Every content type that an upload may declare."""

CONTAINER_BRANDS: Final = (b"mif1", b"msf1")
"""Major brands of HEIF files whose format is only named among their compatible brands."""


def sniff(data: bytes) -> ImageFormat | None:
    """The format that the first bytes of a file claim, None for any other."""
    for each in FORMATS.values():
        if each.signature and each.signature.match(data):
            return each
    brands = _brands(data)
    return next((each for each in FORMATS.values() if brands & {*each.brands}), None)


def _brands(data: bytes) -> set[bytes]:
    """The brands of an ISO base media file (ISO/IEC 14496-12, 4.3) that decide its format."""
    if data[4:8] != b"ftyp":
        return set()
    if data[8:12] not in CONTAINER_BRANDS:
        return {data[8:12]}
    length = min(int.from_bytes(data[:4], "big"), 256)
    return {data[at : at + 4] for at in range(16, length, 4)}
