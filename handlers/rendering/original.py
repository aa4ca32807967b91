"""An original whose header was read and found acceptable; its pixels are still to be decoded."""

from collections.abc import Callable
from dataclasses import dataclass

from handlers.rendering.geometry import Size
from handlers.rendering.metadata.blocks import NO_METADATA, MetadataBlocks
from handlers.rendering.resample import Frame, Need


@dataclass(frozen=True, kw_only=True)
class Original:
    """What the header says.

    `size` is in pixels as stored; `orientation` the EXIF value (1 to 8) that turns it upright;
    `frames` counted up to the limit; `bit_depth` of one channel; `profile` the embedded ICC
    profile; `metadata` its blocks of other metadata. `decode` takes what the variants need and returns
    the first frame at that scale or more; it raises ImageRejected.
    """

    format: str
    size: Size
    orientation: int
    frames: int
    bit_depth: int
    profile: bytes | None
    decode: Callable[[Need], Frame]
    metadata: MetadataBlocks = NO_METADATA
