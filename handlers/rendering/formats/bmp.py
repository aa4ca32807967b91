"""BMP: Pillow reads what Windows usually writes, this module the rest that browsers show.

Headers and masks: https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-header-types; the
headers of OS/2 2.x are 16 to 64 bytes of the same fields, and what is missing counts as zero.
"""

import contextlib
import io
import struct
from dataclasses import dataclass
from functools import cache, partial

from PIL import BmpImagePlugin, Image, ImageMath

from handlers.contract.presets import Limits
from handlers.contract.rejections import FormatNotAllowed, NotAnImage, TooComplex, Truncated
from handlers.rendering import colour
from handlers.rendering.decode_budget import check_size, decoding
from handlers.rendering.geometry import Size
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, of_whole

_FILE_HEADER, _CORE_HEADER, _INFO_HEADER = 14, 12, 40
# Headers of Windows that hold the masks themselves.
_WITH_MASKS = {52, 56, 108, 124}
_RAW, _RLE8, _RLE4, _FIELDS, _FIELDS_WITH_ALPHA = 0, 1, 2, 3, 6
_PALETTED = {1, 2, 4, 8}
# Without masks: 5 bits a channel, and 8.
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
# Half a million runs, undone in Python in half a second or so.
_MAX_RUN_BYTES = 1024 * 1024
_RUNS = [bytes((value,)) * 255 for value in range(256)]
_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2
_BAND_PIXELS = 1 << 20


@dataclass(frozen=True, kw_only=True)
class _Header:
    """`masks` are those of red, green, blue and alpha; `palette` is the offset of the colour table."""

    size: Size
    top_down: bool
    bits: int
    compression: int
    masks: tuple[int, ...]
    palette: int
    entry_bytes: int
    colours: int
    pixels: int

    @property
    def stride(self) -> int:
        """Bytes of a row, which ends at a multiple of four."""
        return (self.size[0] * self.bits + 31) // 32 * 4


def read(data: bytes, limits: Limits) -> Original:
    """Read the header of a BMP. Raises ImageRejected if it is none or exceeds the limits."""
    header = _header(data)
    check_size(limits, *header.size, 12)
    if header.compression in {_RLE8, _RLE4} and len(data) - header.pixels > _MAX_RUN_BYTES:
        raise TooComplex(f"more than {_MAX_RUN_BYTES} bytes of run lengths")
    decode, size = partial(_unusual, data, header), header.size
    usual = header.compression not in {_RLE8, _RLE4} and header.colours <= 256
    with decoding(NotAnImage), contextlib.suppress(OSError):  # what Pillow does not support
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
        size = image.size
        decode = partial(_with_pillow, image) if usual else decode
    if size != header.size:
        raise NotAnImage("two sizes")
    return Original(
        format="BMP",
        size=header.size,
        orientation=1,
        frames=1,
        bit_depth=8,
        profile=None,
        decode=decode,
    )


def _with_pillow(image: BmpImagePlugin.BmpImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)


def _header(data: bytes) -> _Header:
    if len(data) < _FILE_HEADER + _CORE_HEADER:
        raise Truncated("no header")
    pixels, length = struct.unpack_from("<II", data, 10)
    if length == _CORE_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = colours = 0
    elif 16 <= length <= 124:
        header = data[18 : _FILE_HEADER + length].ljust(_INFO_HEADER, b"\0")
        width, height, _, bits, compression, _, _, _, colours = struct.unpack_from("<iiHHIIIII", header)
    else:
        raise NotAnImage(f"a header of {length} bytes")
    end = _FILE_HEADER + length
    masks, beside = (0, 0, 0, 0), 0
    if compression in {_FIELDS, _FIELDS_WITH_ALPHA} and length in {_INFO_HEADER, *_WITH_MASKS}:
        count = 4 if compression == _FIELDS_WITH_ALPHA or length > 52 else 3
        beside = 4 * count if length == _INFO_HEADER else 0
        raw = data[_FILE_HEADER + _INFO_HEADER :][: 4 * count].ljust(16, b"\0")
        masks = struct.unpack("<IIII", raw)
    return _Header(
        size=(width, abs(height)),
        top_down=height < 0,
        bits=bits,
        compression=compression,
        masks=masks,
        palette=end + beside,
        entry_bytes=3 if length == _CORE_HEADER else 4,
        colours=colours,
        pixels=pixels,
    )


def _unusual(data: bytes, header: _Header, need: Need) -> Frame:
    """Decode what Pillow does not. Raises FormatNotAllowed, Truncated."""
    bits = header.bits
    if (header.compression, bits) in {(_RLE8, 8), (_RLE4, 4)}:
        with decoding(Truncated):
            return of_whole(colour.resizable(_of_runs(data, header)), need)
    plain = header.compression == _RAW and bits in {*_PALETTED, *_DEFAULT_MASKS, 24}
    if not plain and not (any(header.masks) and bits in _DEFAULT_MASKS):
        raise FormatNotAllowed(f"BMP of {bits} bits with compression {header.compression}")
    if header.pixels + header.stride * header.size[1] > len(data):
        raise Truncated("not all rows are there")
    with decoding(Truncated):
        if bits in _PALETTED:
            image = _paletted(data, header)
        elif bits == 24:
            image = _rows(data, header, "RGB", "BGR", range(header.size[1]))
        else:
            image = _fields(data, header)
        return of_whole(colour.resizable(image), need)


def _rows(data: bytes, header: _Header, mode: str, raw_mode: str, rows: range) -> Image.Image:
    start = header.pixels + header.stride * rows.start
    band = data[start : start + header.stride * len(rows)]
    size = (header.size[0], len(rows))
    return Image.frombytes(mode, size, band, "raw", raw_mode, header.stride, 1 if header.top_down else -1)


def _paletted(data: bytes, header: _Header) -> Image.Image:
    raw_mode = "P" if header.bits == 8 else f"P;{header.bits}"
    image = _rows(data, header, "P", raw_mode, range(header.size[1]))
    _give_palette(image, data, header)
    return image


def _give_palette(image: Image.Image, data: bytes, header: _Header) -> None:
    entries = min(header.colours or 1 << header.bits, 1 << header.bits)
    table = data[header.palette : header.palette + header.entry_bytes * entries]
    image.putpalette(table, "BGRX" if header.entry_bytes == 4 else "BGR")


def _of_runs(data: bytes, header: _Header) -> Image.Image:
    """Pixels of run lengths, RLE8 or RLE4, as far as they go; what is skipped has the first colour."""
    width, height = header.size
    indices = bytearray(width * height)
    runs = _RUNS if header.bits == 8 else _runs_of_nibbles()
    at, across, line, end = header.pixels, 0, 0, len(data) - 1
    if header.top_down or at >= end:
        raise Truncated("no run lengths")
    while at < end and line < len(indices):
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            run = runs[value]
        elif value == _END_OF_LINE:
            across, line = 0, line + width
            continue
        elif value == _END_OF_BITMAP:
            break
        elif value == _DELTA:
            across, line, at = across + data[at], line + data[at + 1] * width, at + 2
            continue
        else:  # so many pixels as they are, padded to two bytes
            count, packed = value, value if header.bits == 8 else (value + 1) // 2
            literal = data[at : at + packed]
            run, at = literal if header.bits == 8 else _nibbles(literal), at + packed + packed % 2
        start, across = across, across + count
        if across > width or count > len(run):
            count = min(len(run), max(0, width - start))
        indices[line + start : line + start + count] = run[:count]
    image = Image.frombytes("P", header.size, bytes(indices), "raw", "P", width, -1)
    _give_palette(image, data, header)
    return image


@cache
def _runs_of_nibbles() -> list[bytes]:
    return [_nibbles(bytes((value,)) * 128) for value in range(256)]


def _nibbles(packed: bytes) -> bytes:
    """One byte for each half of a byte, the upper half first."""
    return bytes.fromhex("".join(f"0{digit}" for digit in packed.hex()))


def _fields(data: bytes, header: _Header) -> Image.Image:
    masks = header.masks if any(header.masks) else _DEFAULT_MASKS[header.bits]
    channels = masks if masks[3] else masks[:3]
    width, height = header.size
    image = Image.new("RGBA" if masks[3] else "RGB", header.size)
    step = max(1, _BAND_PIXELS // width)
    for first in range(0, height, step):
        last = min(first + step, height)
        samples = _rows(data, header, "I", f"I;{header.bits}", range(first, last))
        band = Image.merge(image.mode, [_channel(samples, mask) for mask in channels])
        image.paste(band, (0, first if header.top_down else height - last))
    return image


def _channel(samples: Image.Image, mask: int) -> Image.Image:
    """Eight bits of what the mask selects, scaled to the full range."""
    if not mask:
        return Image.new("L", samples.size)
    low = (mask & -mask).bit_length() - 1
    most = mask >> low
    if most & (most + 1):
        raise FormatNotAllowed(f"BMP with the mask {mask:#x}")
    excess = max(0, most.bit_length() - 8)
    most >>= excess
    scaled = ImageMath.lambda_eval(
        lambda given: given["convert"](
            ((given["samples"] >> (low + excess) & most) * 255 + most // 2) / most, "L"
        ),
        samples=samples,
    )
    assert isinstance(scaled, Image.Image)
    return scaled
