"""Good originals of every format, in the modes and with the options that its writer has."""

import io
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pillow_heif
from PIL import Image, ImageCms

from bench.metadata.originals import ARTIST, BY_LINE, TAKEN, dataset, packet, signed
from bench.metadata.originals import FORMATS as SIGNED_FORMATS

_SIZES = ((40, 30), (97, 61), (1, 1), (300, 7))
_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@cache
def originals() -> dict[str, list[bytes]]:
    """Files by format; every one of them is rendered as it is."""
    pillow_heif.register_heif_opener()
    made = {kind: [signed(kind, picture("RGB", (40, 30)), **_SIGNATURE)] for kind in SIGNED_FORMATS}
    for kind, image, options in _recipes():
        output = io.BytesIO()
        try:
            image.save(output, kind, **options)
        except (OSError, ValueError, KeyError):  # a mode that Pillow does not write in this format
            continue
        made.setdefault(kind, []).append(output.getvalue())
    return made


def picture(mode: str, size: tuple[int, int]) -> Image.Image:
    """Smooth and colourful, in any mode that Pillow converts to."""
    ramp = Image.linear_gradient("L").resize(size)
    disc = Image.radial_gradient("L").resize(size)
    image = Image.merge("RGBA", (ramp, disc, ramp.rotate(180), disc))
    if mode in {"I;16", "I;16B", "I", "F"}:
        return ramp.convert("I").point(lambda value: value * 257).convert(mode)
    return image.convert(mode) if mode in {"RGBA", "LA", "P"} else image.convert("RGB").convert(mode)


def _recipes() -> Iterator[tuple[str, Image.Image, dict[str, object]]]:
    for kind, (modes, options) in _WRITERS.items():
        for size, mode, option in itertools.product(_SIZES, modes, options):
            yield kind, picture(mode, size), option
    for kind in ("PNG", "WEBP", "GIF", "TIFF", "AVIF", "MPO", "HEIF"):
        mode = "RGB" if kind == "MPO" else "RGBA"
        first, *rest = (picture(mode, (40, 30)).rotate(turn) for turn in (0, 30, 60))
        yield kind, first, {"save_all": True, "append_images": rest}


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    return exif.tobytes()


_SIGNATURE: dict[str, Any] = {
    "texts": {ARTIST: b"Jane Doe\0"},
    "details": {TAKEN: b"2026:01:02 03:04:05\0"},
    "xmp": packet(
        "<dc:creator><rdf:Seq><rdf:li>Jane Doe</rdf:li></rdf:Seq></dc:creator>"
        '<plus:Licensor><rdf:Seq><rdf:li plus:LicensorURL="https://example.com"/></rdf:Seq></plus:Licensor>',
        'photoshop:Credit="Doe &amp; Sons"',
    ),
    "iptc": dataset(BY_LINE, b"Jane Doe"),
}
_MARKED: dict[str, object] = {
    "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "exif": _exif(),
}
_ALL_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I;16B", "I", "F")
_COMPRESSIONS = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd")
# By format: the modes to write, and the options of its writer.
_WRITERS: dict[str, tuple[tuple[str, ...], tuple[dict[str, object], ...]]] = {
    "JPEG": (
        ("L", "RGB", "CMYK"),
        (
            {},
            {"progressive": True},
            {"subsampling": 0, "quality": 98},
            {"restart_marker_rows": 1},
            {"optimize": True, "comment": b"c"},
            _MARKED,
        ),
    ),
    "PNG": (
        ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        ({}, {"compress_level": 0}, {"transparency": 0}, _MARKED),
    ),
    "WEBP": (("RGB", "RGBA", "L"), ({}, {"lossless": True}, {"exact": True}, {**_MARKED, "xmp": _XMP})),
    "GIF": (("L", "P", "RGB"), ({}, {"interlace": 0}, {"comment": b"c" * 300})),
    "TIFF": (
        _ALL_MODES,
        (
            {},
            *(
                {"compression": name}
                for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd")
            ),
            {"compression": "tiff_lzw", "tiffinfo": {317: 2, 700: _XMP}, **_MARKED},
        ),
    ),
    "BMP": (("1", "L", "P", "RGB", "RGBA"), ({},)),
    "AVIF": (("L", "RGB", "RGBA"), ({"speed": 10}, {"speed": 10, **_MARKED, "xmp": _XMP})),
    "HEIF": (("L", "RGB", "RGBA"), ({"quality": 50}, {"quality": -1}, _MARKED)),
}
