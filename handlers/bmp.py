"""BMP, as Windows writes it."""

import io
from functools import partial

from PIL import BmpImagePlugin

from handlers import colour
from handlers.limits import check_size, decoding
from handlers.original import Original
from handlers.presets import Limits
from handlers.rejections import NotAnImage, Truncated
from handlers.resample import Frame, Need, of_whole


def read(data: bytes, limits: Limits) -> Original:
    """Read the header of a BMP. Raises ImageRejected if it is none or exceeds the limits."""
    with decoding(NotAnImage):
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    check_size(limits, *image.size, 12)
    return Original(
        format="BMP",
        size=image.size,
        orientation=1,
        frames=1,
        bit_depth=8,
        profile=None,
        decode=partial(_decode, image),
    )


def _decode(image: BmpImagePlugin.BmpImageFile, need: Need) -> Frame:
    with decoding(Truncated):
        image.load()
        return of_whole(colour.resizable(image), need)
