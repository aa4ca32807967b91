"""Originals that say who made them, with each block where their format keeps it."""

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pillow_heif
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF")
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
MAKE, MODEL, ARTIST, COPYRIGHT, TAKEN, TAKEN_OFFSET = 0x010F, 0x0110, 0x013B, 0x8298, 0x9003, 0x9011
BY_LINE, CREDIT, NOTICE = 80, 110, 116

_EXIF_DIRECTORY, _GPS_DIRECTORY, _XMP, _IPTC = 0x8769, 0x8825, 700, 33723
_BYTE, _ASCII, _SHORT, _LONG, _UNDEFINED = 1, 2, 3, 4, 7
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"

Texts = Mapping[int, bytes]
Entry = tuple[int, int, bytes]
"""Type, count and bytes of a TIFF tag."""


def packet(body: str = "", attributes: str = "") -> bytes:
    """A packet as Adobe's programs write it, in UTF-8."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {declared}><rdf:Description rdf:about="" {attributes}>{body}</rdf:Description></rdf:RDF>'
        f'</x:xmpmeta>{" " * 200}<?xpacket end="w"?>'
    ).encode()


def dataset(number: int, value: bytes, record: int = 2) -> bytes:
    """A dataset of IPTC-IIM."""
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def resource(kind: int, data: bytes, *, name: bytes = b"", signature: bytes = b"8BIM") -> bytes:
    """An image resource of Photoshop."""
    pascal = bytes((len(name),)) + name
    head = signature + struct.pack(">H", kind) + pascal + b"\0" * (len(pascal) % 2)
    return head + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def exif_block(
    texts: Texts, details: Texts | None = None, gps: Texts | None = None, order: str = "<"
) -> bytes:
    """An EXIF block: texts of the first directory, of its EXIF directory, and of that for the location."""
    below = {_EXIF_DIRECTORY: details or {}, _GPS_DIRECTORY: gps or {}}
    return _tiff(_ascii(texts), below, order)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """EXIF texts (of the first directory, of the EXIF and of the GPS directory) in a byte order of `struct`,
    an XMP packet and IPTC datasets; empty where there are none.
    """

    texts: Texts = field(default_factory=dict)
    details: Texts = field(default_factory=dict)
    gps: Texts = field(default_factory=dict)
    order: str = "<"
    xmp: bytes = b""
    iptc: bytes = b""

    @property
    def exif(self) -> bytes:
        """The EXIF block; empty if there is nothing in it."""
        some = self.texts or self.details or self.gps
        return exif_block(self.texts, self.details, self.gps, self.order) if some else b""


def signed(kind: str, image: Image.Image, **blocks: Any) -> bytes:
    """An original of a format with the blocks of a Signature, as far as the format can hold them."""
    signature = Signature(**blocks)
    if kind in _WRITERS:
        return _WRITERS[kind](image, signature)
    exif = {"exif": b"Exif\0\0" + signature.exif} if signature.exif else {}
    return _encoded(image, kind, **exif, **({"xmp": signature.xmp} if signature.xmp else {}))


def _jpeg(image: Image.Image, signature: Signature) -> bytes:
    segments = []
    if signature.exif:
        segments.append(_segment(0xE1, b"Exif\0\0" + signature.exif))
    if signature.xmp:
        segments.append(_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + signature.xmp))
    if signature.iptc:
        resources = resource(1005, b"xyz", name=b"odd") + resource(1028, signature.iptc)
        segments.append(_segment(0xED, b"Photoshop 3.0\0" + resources))
    data = _encoded(image, "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def _png(image: Image.Image, signature: Signature) -> bytes:
    chunks = []
    if signature.exif:
        chunks.append(_chunk(b"eXIf", signature.exif))
    if signature.xmp:
        chunks.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + signature.xmp))
    if signature.iptc:
        chunks.append(_chunk(b"zTXt", _raw_profile(b"iptc", resource(1028, signature.iptc))))
    data = _encoded(image, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def _gif(image: Image.Image, signature: Signature) -> bytes:
    data = _encoded(image, "GIF")
    extension = b"!\xff\x0bXMP DataXMP" + signature.xmp + _GIF_TRAILER
    return data[:-1] + extension + b";" if signature.xmp else data


def _tiff_picture(image: Image.Image, signature: Signature) -> bytes:
    order, pixels = signature.order, image.convert("RGB").tobytes()
    entries = _ascii(signature.texts)
    short = {256: image.width, 257: image.height, 259: 1, 262: 2, 277: 3, 278: image.height}
    entries |= {tag: (_SHORT, 1, struct.pack(order + "H", value)) for tag, value in short.items()}
    entries[258] = (_SHORT, 3, struct.pack(order + "3H", 8, 8, 8))
    entries |= {
        tag: (_LONG, 1, struct.pack(order + "I", each)) for tag, each in ((273, 8), (279, len(pixels)))
    }
    if signature.xmp:
        entries[_XMP] = (_BYTE, len(signature.xmp), signature.xmp)
    if signature.iptc:
        entries[_IPTC] = (_UNDEFINED, len(signature.iptc), signature.iptc)
    return _tiff(entries, {_EXIF_DIRECTORY: signature.details, _GPS_DIRECTORY: signature.gps}, order, pixels)


_WRITERS = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif, "TIFF": _tiff_picture}


def _encoded(image: Image.Image, kind: str, **blocks: bytes) -> bytes:
    pillow_heif.register_heif_opener()
    output = io.BytesIO()
    image.save(output, kind, **blocks)
    return output.getvalue()


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _raw_profile(name: bytes, block: bytes) -> bytes:
    """A text chunk's body as ImageMagick writes it."""
    digits = block.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n" + name + b"\n%8d\n" % len(block) + lines + b"\n"
    return b"Raw profile type " + name + b"\0\0" + zlib.compress(text)


def _ascii(texts: Texts) -> dict[int, Entry]:
    return {tag: (_ASCII, len(text), text) for tag, text in texts.items()}


def _tiff(entries: Mapping[int, Entry], below: Mapping[int, Texts], order: str, ahead: bytes = b"") -> bytes:
    """A TIFF structure of one directory and those it points at by their tags, behind `ahead`."""
    ahead += b"\0" * (len(ahead) % 2)
    at = 8 + len(ahead)
    places = {tag: 0 for tag, texts in below.items() if texts}
    size = len(_directory(at, _with_pointers(entries, places, order), order))
    following = b""
    for tag, texts in below.items():
        if texts:
            places[tag] = at + size + len(following)
            following += _directory(places[tag], _ascii(texts), order)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return header + ahead + _directory(at, _with_pointers(entries, places, order), order) + following


def _with_pointers(entries: Mapping[int, Entry], places: Mapping[int, int], order: str) -> dict[int, Entry]:
    return {**entries, **{tag: (_LONG, 1, struct.pack(order + "I", at)) for tag, at in places.items()}}


def _directory(at: int, entries: Mapping[int, Entry], order: str) -> bytes:
    listed, data = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, (kind, count, value) in sorted(entries.items()):
        listed += struct.pack(order + "HHI", tag, kind, count)
        if len(value) <= 4:
            listed += value.ljust(4, b"\0")
        else:
            listed += struct.pack(order + "I", behind + len(data))
            data += value + b"\0" * (len(value) % 2)
    return struct.pack(order + "H", len(entries)) + listed + bytes(4) + data
