"""ThumbHash, the tiny blurred preview of an image, after its reference implementation.

The format (at most 25 bytes) is documented at https://evanw.github.io/thumbhash/ and decoded by
libraries in most languages; it carries the aspect ratio, the average colour and the alpha.
"""

import base64
import math
from collections.abc import Sequence
from operator import mul

from PIL import Image

MAX_SIDE = 24  # enough for the at most 7 x 7 cosines that are kept; the format allows 100


def placeholder(preview: Image.Image) -> str:
    """The ThumbHash of an RGBA image of at most 100 x 100 pixels, as base64."""
    return base64.b64encode(thumbhash(preview)).decode("ascii")


def thumbhash(preview: Image.Image) -> bytes:
    """The ThumbHash of an RGBA image of at most 100 x 100 pixels."""
    width, height = preview.size
    red, green, blue, alpha = ([value / 255 for value in band.tobytes()] for band in preview.split())
    weight = sum(alpha)
    averages = [sum(map(mul, band, alpha)) / weight if weight else 0.0 for band in (red, green, blue)]
    red, green, blue = (
        [average * (1 - a) + a * value for value, a in zip(band, alpha, strict=True)]
        for band, average in zip((red, green, blue), averages, strict=True)
    )
    luminance = [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)]
    yellow_blue = [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)]
    red_green = [r - g for r, g in zip(red, green, strict=True)]

    has_alpha = weight < width * height
    limit = 5 if has_alpha else 7
    longest = max(width, height)
    columns = max(1, _round(limit * width / longest))
    rows = max(1, _round(limit * height / longest))
    l_dc, l_ac, l_scale = _encode(luminance, width, height, max(3, columns), max(3, rows))
    p_dc, p_ac, p_scale = _encode(yellow_blue, width, height, 3, 3)
    q_dc, q_ac, q_scale = _encode(red_green, width, height, 3, 3)

    landscape = width > height
    header24 = (
        _round(63 * l_dc)
        | _round(31.5 + 31.5 * p_dc) << 6
        | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
        | has_alpha << 23
    )
    header16 = (
        (rows if landscape else columns)
        | _round(63 * p_scale) << 3
        | _round(63 * q_scale) << 9
        | landscape << 15
    )
    head = header24.to_bytes(3, "little") + header16.to_bytes(2, "little")
    ac = [l_ac, p_ac, q_ac]
    if has_alpha:
        a_dc, a_ac, a_scale = _encode(alpha, width, height, 5, 5)
        head += bytes([_round(15 * a_dc) | _round(15 * a_scale) << 4])
        ac.append(a_ac)
    nibbles = [_round(15 * factor) for channel in ac for factor in channel]
    nibbles += [0] * (len(nibbles) % 2)
    return head + bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def _encode(
    channel: Sequence[float], width: int, height: int, columns: int, rows: int
) -> tuple[float, list[float], float]:
    """The constant, the other cosine factors (0 to 1, the low triangle only) and their scale."""
    constant, factors, scale = 0.0, [], 0.0
    across = [[math.cos(math.pi / width * c * (x + 0.5)) for x in range(width)] for c in range(columns)]
    down = [[math.cos(math.pi / height * r * (y + 0.5)) for y in range(height)] for r in range(rows)]
    lines = [channel[y * width : (y + 1) * width] for y in range(height)]
    sums = [[sum(map(mul, line, cosine)) for line in lines] for cosine in across]
    for row in range(rows):
        column = 0
        while column * rows < columns * (rows - row):
            factor = sum(map(mul, sums[column], down[row])) / (width * height)
            if column or row:
                factors.append(factor)
                scale = max(scale, abs(factor))
            else:
                constant = factor
            column += 1
    if scale:
        factors = [0.5 + 0.5 / scale * factor for factor in factors]
    return constant, factors, scale


def _round(value: float) -> int:
    """Half up, as the reference implementation rounds; Python's own rounds half to even."""
    return math.floor(value + 0.5)
