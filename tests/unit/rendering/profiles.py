"""ICC profiles and reference colours, computed without a colour management system."""

import struct

from bench.render.display_p3 import DISPLAY_P3, display_p3

# XYZ relative to D50 to linear sRGB: http://www.brucelindbloom.com/Eqn_RGB_XYZ_Matrix.html
_D50_TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def profile_of_stages(count: int) -> bytes:
    """A profile whose floating-point tags chain as many stages, all of them the same bytes."""
    identity = struct.pack(">12f", 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    stage = b"matf\0\0\0\0" + struct.pack(">HH", 3, 3) + identity
    positions = struct.pack(">II", 16 + 8 * count, len(stage)) * count
    chain = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, count) + positions + stage
    return display_p3({b"D2B0": chain, b"D2B1": chain})


def p3_to_srgb(colour):
    """The sRGB colour (0 to 255 a channel) that looks like a Display P3 colour, cut to the gamut."""
    linear = [_linear(value / 255) for value in colour]
    xyz = [sum(linear[i] * DISPLAY_P3[i][row] for i in range(3)) for row in range(3)]
    return tuple(255 * _curved(sum(a * b for a, b in zip(row, xyz, strict=True))) for row in _D50_TO_SRGB)


def delta_e(one, other) -> float:
    """The CIE 1976 difference of two sRGB colours; 2.3 is just noticeable."""
    return sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5


def _lab(colour):
    red, green, blue = (_linear(value / 255) for value in colour)
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _curved(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
