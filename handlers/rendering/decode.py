"""Bytes → an original whose header was read, by the format the bytes themselves claim.

Only the formats of the allow-list are ever identified, each by its own reader: no other plugin of
Pillow is imported, and neither the declared content type nor a file name is looked at.
"""

import importlib
from typing import cast

from handlers.contract import formats
from handlers.contract.presets import Limits
from handlers.contract.rejections import (
    EmptyObject,
    FormatNotAllowed,
    NotAnImage,
    RawNotSupported,
    TooLarge,
)
from handlers.rendering import raw_files
from handlers.rendering.original import Original

# Modules of `handlers.rendering.formats`, each with `read(data, limits) -> Original`; imported when the
# first such original comes.
READERS = {each.name: "heif" if each.brands else each.name.lower() for each in formats.FORMATS.values()}

# Images (or what is often taken for one) that are recognised only to name the reason.
_FOREIGN = (
    b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF", b"8BPS", b"\x00\x00\x01\x00", b"\x00\x00\x02\x00",
    b"icns", b"SIMPLE  =", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51", b"qoif", b"DDS ", b"II+\x00", b"MM\x00+", b"\xd7\xcd\xc6\x9a", b"v/1\x01",
    b"P1\n", b"P2\n", b"P3\n", b"P4\n", b"P5\n", b"P6\n", b"gimp xcf", b"AT&TFORM",
)  # fmt: skip
_FOREIGN_MARKUP = (b"<svg", b"<?xml", b"<!doctype svg")


def sniff(data: bytes) -> str:
    """The format the bytes claim, for example `JPEG`.

    Raises NotAnImage for bytes that do not look like an image, FormatNotAllowed for images of a
    format that is not decoded here, and RawNotSupported for those of a camera's sensor.
    """
    if raw := raw_files.kind_of(data):
        raise RawNotSupported(raw)
    if known := formats.sniff(data):
        return known.name
    if data[4:8] == b"ftyp":
        raise FormatNotAllowed(data[8:12].decode("ascii", "replace"))
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(_FOREIGN) or start.startswith(_FOREIGN_MARKUP):
        raise FormatNotAllowed
    raise NotAnImage


def read(data: bytes, limits: Limits) -> Original:
    """Read and check the header of an original; no pixel is decoded.

    Raises ImageRejected if the bytes are not an image of an allowed format or exceed the limits.
    """
    if not data:
        raise EmptyObject
    if len(data) > limits.max_bytes:
        raise TooLarge(f"{len(data)} bytes, at most {limits.max_bytes}")
    reader = importlib.import_module(f"handlers.rendering.formats.{READERS[sniff(data)]}")
    return cast("Original", reader.read(data, limits))
