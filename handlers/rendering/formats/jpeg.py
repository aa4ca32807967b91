"""JPEG: what its segments say, and a decode at the smallest scale that serves.

Segments are described in ITU-T T.81, annex B. Only those that matter to the picture reach the
decoder; EXIF, XMP, previews, further images and comments are cut off before.
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from PIL import JpegImagePlugin

from handlers.contract.presets import Limits
from handlers.contract.rejections import FormatNotAllowed, NotAnImage, TooComplex, Truncated
from handlers.rendering import colour, exif
from handlers.rendering.decode_budget import check_memory, check_metadata, check_passes, check_size, decoding
from handlers.rendering.geometry import Size
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, in_planes

_SOI, _EOI, _SOS, _DQT, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
# Baseline, extended and progressive; no browser and no camera knows the other processes.
_FRAMES = {0xC0, 0xC1, 0xC2}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE = 0xC2
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_EXIF, _ICC, _ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
# The last byte of a run of fill bytes and the code behind it: one look at each byte.
_NEXT_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
# Where previews follow the picture it also counts theirs: an upper bound, found without parsing.
_SCAN = b"\xff\xda"
_END = b"\xff\xd9"
_MAX_GARBAGE = 4096
# The parts of a profile are numbered with one byte, so more segments than that mean nothing good.
_MAX_SEGMENTS = 4096
_DIGESTED_ROWS = 256
# A picture without its end is decoded three times, at its full size: 6 megapixels in ten scans, say.
_MAX_UNENDED_PASSES = 60_000_000
_SCAN_HEADER_BYTES = 8  # with one component
# Longer than what a decoder looks ahead, and without the byte that begins a marker.
_FILLINGS = (b"\x00" * 16, b"\x5a" * 16)


@dataclass
class _Header:
    kept: list[bytes] = field(default_factory=list)
    metadata: int = 0
    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: list[bytes] = field(default_factory=list)
    icc: list[bytes] = field(default_factory=list)
    jfif: bool = False
    adobe_transform: int | None = None
    frame: bytes = b""
    progressive: bool = False
    scan: int = 0


def read(data: bytes, limits: Limits) -> Original:
    """Read the header of a JPEG. Raises ImageRejected if it is none or exceeds the limits."""
    header = _header(data)
    frame = header.frame
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise NotAnImage("no frame header")
    if frame[0] != 8:
        raise FormatNotAllowed(f"JPEG with {frame[0]} bits a sample")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    check_metadata(limits, header.metadata)
    # A baseline picture whose first scan has all components ends with it.
    buffered = header.progressive or data[header.scan + 4] != frame[5]
    scans = data.count(_SCAN, header.scan) if buffered else 1
    coefficients = width * height * (2 * frame[5] if buffered else 0)
    check_size(limits, width, height, 0)
    check_passes(width, height, scans)
    ycc = _is_ycc(header)
    picture = b"".join((*header.kept, memoryview(data)[header.scan :]))
    ended = data.rfind(_END, header.scan) >= 0  # most often the last two bytes
    if not ended and width * height * scans > _MAX_UNENDED_PASSES:
        raise Truncated("no end marker")
    decode = partial(
        _decode,
        size=(width, height),
        ycc=ycc,
        fits=lambda pixels: check_memory(limits, coefficients + pixels * 8),
    )
    return Original(
        format="JPEG",
        size=(width, height),
        orientation=exif.orientation(header.exif, header.xmp),
        frames=1,
        bit_depth=8,
        profile=_profile(header.icc),
        decode=partial(decode, picture) if ended else partial(_unended, picture, decode),
        metadata=MetadataBlocks(exif=header.exif, xmp=header.xmp, iptc=b"".join(header.photoshop)),
    )


def _unended(picture: bytes, decode: Callable[[bytes, Need], Frame], need: Need) -> Frame:
    """Decode a picture that lacks its end marker, as browsers do, unless pixels are missing as well.

    If bytes put in place of the end change the picture at its full size, the decoder needed them.
    """
    picture = picture.rstrip(b"\xff")
    whole = Need((1.0, 1.0), planes=need.planes)
    first, second = (_digest(decode(picture + filling + _END, whole)) for filling in _FILLINGS)
    if first != second:
        raise Truncated("no end marker")
    return decode(picture + _END, need)


def _digest(frame: Frame) -> bytes:
    digest = hashlib.blake2b()
    for plane in (frame.pixels, *frame.chroma):
        for top in range(0, plane.height, _DIGESTED_ROWS):
            bottom = min(top + _DIGESTED_ROWS, plane.height)
            digest.update(plane.crop((0, top, plane.width, bottom)).tobytes())
    return digest.digest()


def _decode(picture: bytes, need: Need, *, size: Size, ycc: bool, fits: Callable[[int], None]) -> Frame:
    width, height = size
    planes = ycc and need.planes_serve(size)
    with decoding(Truncated):
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(picture))
        if image.size != size:
            raise NotAnImage("two frame headers")
        needed = tuple(
            max(1, int(side * min(1.0, each))) for side, each in zip(size, need.scale, strict=True)
        )
        drafted = image.draft("YCbCr" if planes else None, (needed[0], needed[1]))
        box = drafted[1] if drafted else (0, 0, width, height)
        fits(image.width * image.height)
        image.decodermaxblock = len(picture)  # all bytes are at hand: no need to suspend every 64 KiB
        image.load()
    decoded = (box[2] / width, box[3] / height)
    return in_planes(image, decoded, need) if planes else Frame(colour.resizable(image), decoded)


def _header(data: bytes) -> _Header:
    header = _Header(kept=[b"\xff\xd8"])
    garbage = 0
    for marker, start, end, skipped in _segments(data, 2):
        garbage += skipped
        if garbage > _MAX_GARBAGE:
            raise NotAnImage(f"{garbage} bytes between segments")
        if marker in _OTHER_FRAMES:
            raise FormatNotAllowed(f"JPEG process {marker - 0xC0}")
        if marker == _SOS:
            if end - start < _SCAN_HEADER_BYTES:
                raise Truncated("a scan without components")
            header.scan = start - 2
            return header
        segment = data[start + 2 : end]
        if _APP0 <= marker <= _APP15 or marker == _COM:
            _application(header, marker, segment)
            if not (marker == _APP0 and segment.startswith(b"JFIF\0")) and marker != _APP14:
                continue
        if marker in _FRAMES:
            header.frame, header.progressive = segment, marker == _PROGRESSIVE
        header.kept.append(data[start - 2 : end])
    raise Truncated("no scan")


def _application(header: _Header, marker: int, segment: bytes) -> None:
    header.metadata += len(segment)
    if marker == _APP0 and segment.startswith(b"JFIF\0"):
        header.jfif = True
    elif marker == _APP1 and segment.startswith(_EXIF) and header.exif is None:
        header.exif = segment
    elif marker == _APP1 and segment.startswith(_XMP) and header.xmp is None:
        header.xmp = segment[len(_XMP) :]
    elif marker == _APP2 and segment.startswith(_ICC):
        header.icc.append(segment[len(_ICC) :])
    elif marker == _APP13 and segment.startswith(_PHOTOSHOP):
        header.photoshop.append(segment[len(_PHOTOSHOP) :])
    elif marker == _APP14 and segment.startswith(_ADOBE) and len(segment) >= 12:
        header.adobe_transform = segment[11]


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """Marker, start (of its length field), end and the bytes skipped before it, up to the end."""
    for _ in range(_MAX_SEGMENTS):
        found = _NEXT_MARKER.search(data, at, at + _MAX_GARBAGE + 2)
        if not found and at + _MAX_GARBAGE + 2 < len(data):
            raise NotAnImage(f"more than {_MAX_GARBAGE} bytes between segments")
        if not found:
            return
        marker, start, skipped = found[1][0], found.end(), found.end() - 2 - at
        if marker == _EOI:
            return
        at = start
        if marker in _STANDALONE or marker == _SOI:
            continue
        end = start + int.from_bytes(data[start : start + 2], "big")
        if end < start + 2 or end > len(data):
            raise Truncated("a segment is cut off")
        yield marker, start, end, skipped
        at = end
    raise TooComplex(f"more than {_MAX_SEGMENTS} segments")


def _is_ycc(header: _Header) -> bool:
    """Whether libjpeg takes the three components for YCbCr: the rules of its default_decompress_parms."""
    if header.frame[5] != 3:
        return False
    if header.jfif:
        return True
    if header.adobe_transform is not None:
        return header.adobe_transform == 1
    return bytes(header.frame[6:15:3]) == b"\x01\x02\x03"


def _profile(parts: list[bytes]) -> bytes | None:
    """The ICC profile from its numbered parts (ICC.1:2022, annex B.4)."""
    whole = sorted(part for part in parts if len(part) > 2)
    if not whole or [part[0] for part in whole] != list(range(1, len(whole) + 1)):
        return None
    return b"".join(part[2:] for part in whole)
