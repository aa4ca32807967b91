"""GIF: the first frame, on its whole canvas."""

import io
from functools import partial

from PIL import GifImagePlugin

from handlers import colour
from handlers.limits import MAX_CHUNKS, check_metadata, check_size, decoding
from handlers.original import Original
from handlers.presets import Limits
from handlers.rejections import NotAnImage, TooComplex, Truncated
from handlers.resample import Frame, Need, of_whole

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_MAX_SUB_BLOCKS = 1_000_000


def read(data: bytes, limits: Limits) -> Original:
    """Read the blocks of a GIF. Raises ImageRejected if it is none or exceeds the limits."""
    if len(data) < 13:
        raise Truncated("no header")
    frames, metadata = _blocks(data, limits.max_frames)
    check_metadata(limits, metadata)
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    check_size(limits, width, height, 12)
    with decoding(NotAnImage):
        image = GifImagePlugin.GifImageFile(io.BytesIO(data))
    check_size(limits, *image.size, 12)
    return Original(
        format="GIF",
        size=image.size,
        orientation=1,
        frames=frames,
        bit_depth=8,
        profile=None,
        decode=partial(_decode, image),
    )


def _decode(image: GifImagePlugin.GifImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)


def _blocks(data: bytes, max_frames: int) -> tuple[int, int]:
    """Frames (at least 1, at most `max_frames`) and bytes of extensions before the first frame."""
    at, frames, extensions, sub_blocks, metadata = 13 + _table(data[10]), 0, 0, 0, 0
    while at < len(data) and frames < max_frames and sub_blocks < _MAX_SUB_BLOCKS:
        kind = data[at]
        if kind == _EXTENSION:
            extensions += not frames
            start = at + 2
        elif kind == _IMAGE and at + 10 <= len(data):
            frames += 1
            start = at + 11 + _table(data[at + 9])
        elif kind == _TRAILER:
            break
        else:
            at += 1
            sub_blocks += 1
            continue
        if extensions > MAX_CHUNKS:
            raise TooComplex(f"more than {MAX_CHUNKS} extensions")
        at = start
        while at < len(data) and data[at] and sub_blocks < _MAX_SUB_BLOCKS:
            at += 1 + data[at]
            sub_blocks += 1
        at += 1
        metadata += at - start if kind == _EXTENSION and not frames else 0
    return max(1, frames), metadata


def _table(flags: int) -> int:
    """Bytes of the colour table the packed flags announce (GIF89a, 18 and 20)."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
