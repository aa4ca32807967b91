"""GIF: the first frame, on its whole canvas."""

import io
from functools import partial

from PIL import GifImagePlugin

from handlers.contract.presets import Limits
from handlers.contract.rejections import NotAnImage, TooComplex, Truncated
from handlers.rendering import colour
from handlers.rendering.decode_budget import MAX_CHUNKS, check_metadata, check_size, decoding
from handlers.rendering.geometry import Size
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, of_whole

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
# XMP specification, part 3, 1.1.2: the packet as it is, ended by bytes that lead a walk of blocks out of it.
_XMP, _XMP_END = b"!\xff\x0bXMP DataXMP", b"\x01\xff\xfe\xfd"
# As many as 50 MiB of full sub-blocks; what comes behind is not looked at.
_MAX_BLOCKS = 210_000


def read(data: bytes, limits: Limits) -> Original:
    """Read the blocks of a GIF. Raises ImageRejected if it is none or exceeds the limits."""
    if len(data) < 13:
        raise Truncated("no header")
    frames, metadata, first = _blocks(data, limits.max_frames)
    check_metadata(limits, metadata)
    # A screen of no size is that of the first frame, for browsers and for Pillow.
    check_size(limits, _u16(data, 6) or first[0], _u16(data, 8) or first[1], 12)
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
        metadata=MetadataBlocks(xmp=_xmp(data)),
    )


def _xmp(data: bytes) -> bytes | None:
    start = data.find(_XMP)
    return data[start + len(_XMP) : data.find(_XMP_END, start)] if start >= 0 else None


def _decode(image: GifImagePlugin.GifImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)


def _blocks(data: bytes, max_frames: int) -> tuple[int, int, Size]:
    """Frames (at least 1, at most `max_frames`), bytes of extensions before the first frame, and how
    far that one reaches.
    """
    at, blocks, frames, metadata, first = 13 + _table(data[10]), 0, 0, 0, (0, 0)
    while at < len(data) and frames < max_frames and blocks < _MAX_BLOCKS:
        kind = data[at]
        if kind == _TRAILER:
            break
        start = at + {_EXTENSION: 2, _IMAGE: 10}.get(kind, 1)
        blocks += 1
        if kind == _IMAGE and start <= len(data):
            frames += 1
            if frames == 1:
                first = (_u16(data, at + 1) + _u16(data, at + 5), _u16(data, at + 3) + _u16(data, at + 7))
            start += 1 + _table(data[at + 9])
        at = start
        if kind not in {_EXTENSION, _IMAGE}:
            continue
        while at < len(data) and data[at] and blocks < _MAX_BLOCKS:
            at += 1 + data[at]
            blocks += 1
        at += 1
        metadata += at - start if kind == _EXTENSION and not frames else 0
    # Pillow goes through all that comes before the first frame, in Python.
    if not frames and blocks > MAX_CHUNKS:
        raise TooComplex(f"more than {MAX_CHUNKS} blocks before the first frame")
    return max(1, frames), metadata, first


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _table(flags: int) -> int:
    """Bytes of the colour table the packed flags announce (GIF89a, 18 and 20)."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
