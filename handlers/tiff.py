"""TIFF: the first page."""

import ctypes
import io
import struct
from functools import cache, partial

from PIL import TiffImagePlugin

from handlers import colour
from handlers.codecs import bundled
from handlers.limits import check_metadata, check_size, decoding
from handlers.original import Original
from handlers.presets import Limits
from handlers.rejections import NotAnImage, Truncated
from handlers.resample import Frame, Need, of_whole

# Bytes of one value by field type (TIFF 6.0, section 2).
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BITS_PER_SAMPLE = 258


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
    with decoding(NotAnImage):
        image = _FirstPage(io.BytesIO(data))
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (1,))
    check_size(limits, *image.size, 12)
    return Original(
        format="TIFF",
        size=image.size,
        orientation=1,  # Pillow turns TIFF itself
        frames=frames,
        bit_depth=int(bits[0]),
        profile=image.info.get("icc_profile"),
        decode=partial(_decode, image),
    )


@cache
def _silence() -> None:
    """Libtiff writes a line to standard error for every row it dislikes; errors are raised as well."""
    library = bundled("libtiff")
    if library:
        library.TIFFSetErrorHandler.restype = ctypes.c_void_p
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
            metadata = sum(
                _TYPE_BYTES.get(kind, 1) * count
                for _, kind, count, _ in struct.iter_unpack(order + "HHII", data[at + 2 : end])
            )
        seen.add(at)
        (at,) = struct.unpack_from(order + "I", data, end)
    return max(1, len(seen)), metadata
