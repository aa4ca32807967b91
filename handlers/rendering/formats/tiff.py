"""TIFF: the first page."""

import ctypes
import io
import struct
from functools import cache, partial

from PIL import TiffImagePlugin

from handlers.contract.presets import Limits
from handlers.contract.rejections import FormatNotAllowed, NotAnImage, TooComplex, Truncated
from handlers.rendering import colour, exif
from handlers.rendering.codec_libraries import bundled
from handlers.rendering.decode_budget import check_metadata, check_size, decoding
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, of_whole

# Bytes of one value by field type (TIFF 6.0, section 2).
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BITS_PER_SAMPLE, _COMPRESSION, _SAMPLES_PER_PIXEL, _PLANAR, _ICC_PROFILE = 258, 259, 277, 284, 34675
_ORIENTATION = 274
_ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH = 278, 322, 323
# Offsets and lengths of the strips and of the tiles.
_PIECES = {273, 279, 324, 325}
_SEPARATE = 2
# Those that Pillow's libtiff can undo: none, three of fax, LZW, two of JPEG, three of deflate,
# PackBits, LZMA and Zstandard. It also knows the names of others, such as WebP.
_COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000}
# Each strip or tile costs the decoder some microseconds, however few pixels it holds.
_MAX_PIECES = 65_536


class _FirstPage(TiffImagePlugin.TiffImageFile):
    """Pillow's reader, but metadata in further directories is left alone.

    It reads every EXIF and GPS directory of a file that says to have one page only.
    """

    is_animated = True


def read(data: bytes, limits: Limits) -> Original:
    """Read the first directory of a TIFF. Raises ImageRejected if it is none or exceeds the limits."""
    _silence()
    frames, metadata = _directories(data, limits.max_frames)
    check_metadata(limits, metadata)
    image = _open(data)
    check_size(limits, *image.size, 12)
    with decoding(NotAnImage):
        tags = image.tag_v2
        bits = int(tags.get(_BITS_PER_SAMPLE, (1,))[0])
        profile = tags.get(_ICC_PROFILE)
        # Pillow turns a TIFF once it is decoded; by what XMP states, after it has stated another size.
        xmp = image.info.pop("xmp", None)
        by_xmp = _ORIENTATION not in tags and isinstance(xmp, bytes)
        orientation = exif.orientation(None, xmp) if by_xmp else 1
        _check_pieces(image)
    return Original(
        format="TIFF",
        size=image.size,
        orientation=orientation,
        frames=frames,
        bit_depth=bits,
        profile=profile if isinstance(profile, bytes) else None,
        decode=partial(_decode, image),
        metadata=MetadataBlocks(exif=data),
    )


def _open(data: bytes) -> TiffImagePlugin.TiffImageFile:
    with decoding(NotAnImage):
        try:
            return _FirstPage(io.BytesIO(data))
        except SyntaxError as error:
            if str(error).startswith("unknown"):  # kinds of samples that Pillow has no mode for
                raise FormatNotAllowed(str(error)) from error
            raise


def _check_pieces(image: TiffImagePlugin.TiffImageFile) -> None:
    """Raise TooComplex if the picture is cut into more strips or tiles than are worth decoding."""
    width, height = image.size
    tags = image.tag_v2
    across = max(1, int(tags.get(_TILE_WIDTH, width)))
    down = max(1, int(tags.get(_TILE_LENGTH, tags.get(_ROWS_PER_STRIP, height))))
    planes = int(tags.get(_SAMPLES_PER_PIXEL, 1)) if tags.get(_PLANAR) == _SEPARATE else 1
    pieces = -(-width // across) * -(-height // down) * planes
    if pieces > _MAX_PIECES:
        raise TooComplex(f"{pieces} strips or tiles, at most {_MAX_PIECES}")


@cache
def _silence() -> None:
    """Libtiff writes a line to standard error for every row it dislikes; errors are raised as well."""
    library = bundled("libtiff", 6, {"TIFFSetErrorHandler": (ctypes.c_void_p, [ctypes.c_void_p])})
    if library:
        library.TIFFSetErrorHandler(None)


def _decode(image: TiffImagePlugin.TiffImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)


def _directories(data: bytes, max_frames: int) -> tuple[int, int]:
    """Pages (at most `max_frames`) and the bytes the entries of the first one point at.

    Directories may form a circle, and entries may all point at the same bytes; a reader that
    copies them all pays for each.
    """
    if len(data) < 8:
        raise Truncated("no header")
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    seen: set[int] = set()
    metadata = 0
    while at and at not in seen and len(seen) < max_frames and at + 2 <= len(data):
        (entries,) = struct.unpack_from(order + "H", data, at)
        end = at + 2 + 12 * entries
        if end + 4 > len(data):
            if not seen:
                raise Truncated("the first directory is cut off")
            break
        if not seen:
            for tag, kind, count, value in struct.iter_unpack(order + "HHII", data[at + 2 : end]):
                metadata += _TYPE_BYTES.get(kind, 1) * count
                compression = value >> 16 if order == ">" else value & 0xFFFF
                if tag == _COMPRESSION and compression not in _COMPRESSIONS:
                    raise FormatNotAllowed(f"TIFF compression {compression}")
                if tag in _PIECES and count > _MAX_PIECES:
                    raise TooComplex(f"{count} strips or tiles, at most {_MAX_PIECES}")
        seen.add(at)
        (at,) = struct.unpack_from(order + "I", data, end)
    return max(1, len(seen)), metadata
