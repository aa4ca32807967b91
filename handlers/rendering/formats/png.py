"""PNG (and the first frame of APNG).

ISA-L inflates the samples and libvips undoes the row filters, where they are installed and the picture is
of a common kind; Pillow does the rest. The samples are the same either way.
"""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from PIL import Image, PngImagePlugin

from handlers.contract.presets import Limits
from handlers.contract.rejections import NotAnImage, TooComplex, TooMuchMetadata, Truncated
from handlers.rendering import colour, colour_spaces, exif, vector_code
from handlers.rendering.decode_budget import MAX_CHUNKS, check_metadata, check_size, decoding
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.png_samples import (
    GREY,
    GREY_ALPHA,
    INFLATE_AT_ONCE,
    MAGIC,
    PALETTE,
    RGB,
    Samples,
    inflater,
    stored_blocks,
    strips,
)
from handlers.rendering.resample import Frame, Need, of_strips, of_whole

_SIGNATURE = len(MAGIC)
# What the decoder gets to see: no text, no further frames, no profile but the first.
_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
_FRAMES = {b"acTL", b"fcTL", b"fdAT"}
_FIRST_ONLY = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf"}
_TEXT = {b"tEXt", b"zTXt", b"iTXt"}
# Texts of hexadecimal digits, as older programs write what had no chunk of its own.
_RAW_PROFILE = b"Raw profile type "
_RAW_PROFILES = {b"exif", b"xmp", b"iptc", b"8bim"}
_MAX_INFLATED_TEXT = 1 << 20


@dataclass
class _Header:
    """`chunks` are the bodies of those of which the first counts, by type; `samples` those of IDAT, and
    `before_samples` is how many of the kept parts come before them.
    """

    kept: list[memoryview] = field(default_factory=list)
    samples: list[memoryview] = field(default_factory=list)
    chunks: dict[bytes, bytes] = field(default_factory=dict)
    before_samples: int = 0
    metadata: int = 0
    frames: int = 1
    transparent: bool = False
    exif: bytes | None = None
    xmp: bytes | None = None
    raw_profiles: dict[bytes, bytes] = field(default_factory=dict)


def read(data: bytes, limits: Limits) -> Original:
    """Read the chunks of a PNG. Raises ImageRejected if it is none or exceeds the limits."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Truncated("no header") if len(data) < 33 else NotAnImage("no header")
    width, height, depth, colour_type, *_, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    header = _header(data)
    check_metadata(limits, header.metadata)
    opaque = colour_type in {GREY, RGB, PALETTE} and not header.transparent
    check_size(limits, width, height, 8 if opaque else 16)
    samples = Samples((width, height), depth, colour_type, header.samples)
    vectored = not interlaced and not header.transparent and samples.are_for_vector_code()
    # Pillow reads no further than to the first samples before it decodes them.
    image = _open(header.kept[: 1 + header.before_samples] if vectored else header.kept)
    if image.size != (width, height):
        raise NotAnImage("two headers")
    _scale_transparency(image, depth, colour_type)
    decode: Callable[[Need], Frame] = partial(_decode, image)
    if vectored:
        decode = partial(_decode_vectored, samples, lambda need: _decode(_open(header.kept), need))
    return Original(
        format="PNG",
        size=(width, height),
        orientation=exif.orientation(header.exif, header.xmp),
        frames=min(header.frames, limits.max_frames),
        bit_depth=8 if colour_type == PALETTE else depth,
        profile=_profile(
            header.chunks, image.info.get("icc_profile"), grey=colour_type in {GREY, GREY_ALPHA}
        ),
        decode=decode,
        metadata=MetadataBlocks(
            exif=header.exif,
            xmp=header.xmp or header.raw_profiles.get(b"xmp"),
            iptc=header.raw_profiles.get(b"iptc") or header.raw_profiles.get(b"8bim"),
        ),
    )


def _header(data: bytes) -> _Header:
    view = memoryview(data)
    header = _Header(kept=[view[:_SIGNATURE]])
    for kind, start, length in _chunks(data):
        if kind not in _PICTURE and kind not in _FRAMES:
            header.metadata += length
        body = data[start : start + length] if kind in _FIRST_ONLY or kind in _TEXT else b""
        if kind in _PICTURE or (kind == b"iCCP" and kind not in header.chunks):
            header.kept.append(view[start - 8 : start + length + 4])
        if kind == b"IDAT":
            header.samples.append(view[start : start + length])
        if not header.samples:
            header.before_samples = len(header.kept)
        if kind in _FIRST_ONLY:
            header.chunks.setdefault(kind, body)
        if kind == b"acTL" and length >= 4:
            header.frames = max(1, int.from_bytes(data[start : start + 4], "big"))
        elif kind == b"tRNS":
            header.transparent = True
        elif kind in _TEXT:
            _text(header, kind, body)
    header.exif = header.chunks.get(b"eXIf", header.raw_profiles.get(b"exif"))
    return header


def _text(header: _Header, kind: bytes, body: bytes) -> None:
    """Keep the texts that hold metadata: XMP, and EXIF and IPTC as older programs write them."""
    keyword, _, text = body.partition(b"\0")
    profile = keyword.removeprefix(_RAW_PROFILE)
    if keyword == b"XML:com.adobe.xmp" and kind == b"iTXt" and header.xmp is None:
        compressed, text = text[:1] == b"\1", text[2:].split(b"\0", 2)[-1]
        header.xmp = _inflated(text) if compressed else text
    elif profile != keyword and kind != b"iTXt" and profile in _RAW_PROFILES - set(header.raw_profiles):
        text = _inflated(text[1:]) if kind == b"zTXt" else text
        with contextlib.suppress(ValueError):
            # A line break, the name, the length, and hexadecimal digits in lines.
            digits = b"".join(text.split(b"\n")[3:]).decode("ascii", "replace")
            header.raw_profiles[profile] = bytes.fromhex(digits)


def _inflated(text: bytes) -> bytes:
    """As much of a compressed text as is looked at; nothing of a damaged one."""
    try:
        return zlib.decompressobj().decompress(text, _MAX_INFLATED_TEXT)
    except zlib.error:
        return b""


def _profile(chunks: Mapping[bytes, bytes], embedded: bytes | None, *, grey: bool) -> bytes | None:
    """What the samples mean, by the precedence of the specification (third edition, 4.3, table 1)."""
    code_points = chunks.get(b"cICP", b"")
    if len(code_points) == 4 and code_points[2] == 0:  # RGB; anything else is not allowed here
        return colour_spaces.of_code_points(code_points[0], code_points[1], grey=grey)
    if embedded or b"sRGB" in chunks:
        return embedded
    gamma, points = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    return colour_spaces.of_gamma(
        int.from_bytes(gamma, "big") if len(gamma) == 4 else 0,
        struct.unpack(">8I", points) if len(points) == 32 else (),
        grey=grey,
    )


def _scale_transparency(image: PngImagePlugin.PngImageFile, depth: int, colour_type: int) -> None:
    """Bring the transparent colour, which the file states in its own depth, to that of the pixels."""
    stated = image.info.get("transparency")
    if colour_type == GREY and depth in {2, 4} and isinstance(stated, int):
        image.info["transparency"] = stated * 255 // ((1 << depth) - 1)
    elif colour_type == RGB and depth == 16 and isinstance(stated, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in stated)


def _open(parts: Iterable[memoryview]) -> PngImagePlugin.PngImageFile:
    with decoding(NotAnImage):
        try:
            return _Png(io.BytesIO(b"".join(parts)))
        except ValueError as error:
            if "MAX_TEXT" in str(error):  # a profile that inflates to megabytes
                raise TooMuchMetadata from error
            raise


def _decode(image: PngImagePlugin.PngImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)


def _decode_vectored(samples: Samples, with_pillow: Callable[[Need], Frame], need: Need) -> Frame:
    size, mode = samples.size, samples.mode
    with decoding(Truncated), contextlib.suppress(vector_code.VectorCodeError):
        if mode == "RGB" and need.planes_serve(size):
            return of_strips(strips(samples, math.prod(need.averages())), size, need)
        whole, top = Image.new(mode, size), 0
        for strip in strips(samples):
            whole.paste(strip, (0, top))
            top += strip.height
        return of_whole(colour.resizable(whole), need)
    return with_pillow(need)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and length of every chunk, as far as the file goes."""
    at = _SIGNATURE
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, min(length, len(data) - at - 8)
        if kind == b"IEND":
            return
        at += 12 + length
    raise TooComplex(f"more than {MAX_CHUNKS} chunks")


class _Png(PngImagePlugin.PngImageFile):
    """Pillow's reader, but the zlib stream is inflated by ISA-L in less than half the time.

    The decoder still undoes the row filters: it gets the inflated bytes as a zlib stream of
    stored blocks, which cost it a copy.
    """

    def load_prepare(self) -> None:
        super().load_prepare()
        self._inflate = inflater()
        self._pending = b""
        self._started = False

    def load_read(self, read_bytes: int) -> bytes:
        if self._inflate is None:
            return super().load_read(read_bytes)
        blocks = [] if self._started else [b"\x78\x01"]
        self._started = True
        while not self._inflate.eof:
            compressed = self._pending or super().load_read(read_bytes)
            if not compressed:
                break
            inflated = self._inflate.decompress(compressed, INFLATE_AT_ONCE)
            self._pending = self._inflate.unconsumed_tail
            blocks += stored_blocks(inflated)
            if inflated:
                break
        return b"".join(blocks)
