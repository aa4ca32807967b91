"""Colours that a file declares by numbers, as ICC profiles, so that one way of converting serves all.

Numbers: ITU-T H.273, tables 2 and 3 (PNG's cICP, nclx of AVIF and HEIC), and PNG's gAMA and cHRM.
Profiles: ICC.1:2022, matrix and curve profiles (8.3.3) and grey ones (8.3.5).
"""

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

Point = tuple[float, float]

_D65: Final = (0.3127, 0.3290)
_C: Final = (0.310, 0.316)
# White, red, green and blue as chromaticities, by colour primaries.
_PRIMARIES: Final[dict[int, tuple[Point, Point, Point, Point]]] = {
    1: (_D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_SRGB_PRIMARIES: Final = 1
_UNSPECIFIED: Final = 2
# sRGB's own curve, and those of cameras for screens that undo them much as they undo sRGB's.
_SRGB_LIKE: Final = {1, 2, 6, 13, 14, 15}
_GAMMAS: Final = {4: 2.2, 5: 2.8, 8: 1.0}
_PQ, _HLG = 16, 18
# The reference white of HDR (ITU-R BT.2408) becomes white, and what is brighter is cut off.
_PQ_WHITE: Final = 203 / 10_000
_HLG_WHITE: Final = 0.75
_CURVE_POINTS: Final = 1024

_BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_D50_XYZ: Final = (0.9642, 1.0, 0.8249)
_SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# What PNG writes for sRGB (11.3.3.5 of the specification): 45455, and to both sides what rounds to it.
_SRGB_GAMMA: Final = range(45_000, 46_001)
_SANE_GAMMA: Final = range(10_000, 1_000_001)
_SRGB_CHROMATICITIES: Final = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


@cache
def of_code_points(primaries: int, transfer: int, *, grey: bool = False) -> bytes | None:
    """The profile of colour primaries and transfer characteristics; None for sRGB and for unknown ones.

    Grey samples have no primaries.
    """
    primaries = _SRGB_PRIMARIES if primaries == _UNSPECIFIED or grey else primaries
    curve = _curve_of(transfer)
    if primaries not in _PRIMARIES or curve is None:
        return None
    if primaries == _SRGB_PRIMARIES and transfer in _SRGB_LIKE:
        return None
    return _profile(None if grey else _PRIMARIES[primaries], curve)


def of_gamma(gamma: int, chromaticities: Sequence[int], *, grey: bool = False) -> bytes | None:
    """The profile of PNG's gAMA and cHRM, in hundred thousandths; None for sRGB and for nonsense.

    `gamma` is 0 where there is none, `chromaticities` are empty or x and y of white, red, green and
    blue.
    """
    usual = not chromaticities or all(
        abs(a - b) <= 1000 for a, b in zip(chromaticities, _SRGB_CHROMATICITIES, strict=True)
    )
    if (gamma == 0 or gamma in _SRGB_GAMMA) and (usual or grey):
        return None
    if gamma and gamma not in _SANE_GAMMA:
        return None
    curve = _gamma(100_000 / gamma) if gamma else _parametric(_SRGB_CURVE)
    if grey:
        return _profile(None, curve)
    x_and_y = [value / 100_000 for value in ([] if usual else chromaticities)]
    points = tuple(zip(x_and_y[::2], x_and_y[1::2], strict=True)) or _PRIMARIES[_SRGB_PRIMARIES]
    if any(not 0 < y <= 1 or not 0 <= x <= 1 for x, y in points):
        return None
    white, red, green, blue = points
    return _profile((white, red, green, blue), curve)


def _profile(points: tuple[Point, Point, Point, Point] | None, curve: bytes) -> bytes | None:
    """A profile of chromaticities (white, red, green, blue), or of grey; None if they span no colours."""
    tags = {b"wtpt": _xyz(_D50_XYZ)}
    if points is None:
        tags[b"kTRC"] = curve
    else:
        columns = _colorants(*points)
        if columns is None:
            return None
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True):
            tags[name] = _xyz(column)
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(value))
        body += value
    size = 128 + len(table) + len(body)
    space = b"GRAY" if points is None else b"RGB "
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x04300000, b"mntr", space, b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(_fixed(value) for value in _D50_XYZ)
    return header.ljust(128, b"\0") + table + body


def _colorants(white: Point, *primaries: Point) -> list[list[float]] | None:
    """XYZ of the primaries, adapted to D50 by Bradford's method; None if they span no colours.

    http://www.brucelindbloom.com/Eqn_RGB_XYZ_Matrix.html and Eqn_ChromAdapt.html
    """
    rows = [[x / y for x, y in primaries], [1.0] * 3, [(1 - x - y) / y for x, y in primaries]]
    inverse = _inverted(rows)
    if inverse is None:
        return None
    white_xyz = [white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]]
    factors = _times(inverse, white_xyz)
    here, there = _times(_BRADFORD, white_xyz), _times(_BRADFORD, _D50_XYZ)
    back = _inverted(_BRADFORD)
    assert back
    if min(here) < 0.01 or max(map(abs, factors)) > 100:
        return None
    adapted = []
    for index, factor in enumerate(factors):
        cone = _times(_BRADFORD, [row[index] * factor for row in rows])
        column = _times(back, [c * t / h for c, t, h in zip(cone, there, here, strict=True)])
        adapted.append(column)
    return adapted if all(abs(value) < 100 for column in adapted for value in column) else None


def _inverted(rows: Sequence[Sequence[float]]) -> list[list[float]] | None:
    (a, b, c), (d, e, f), (g, h, i) = rows
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(determinant) < 1e-6:
        return None
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return [[value / determinant for value in row] for row in adjugate]


def _times(rows: Sequence[Sequence[float]], column: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, column, strict=True)) for row in rows]


def _curve_of(transfer: int) -> bytes | None:
    if transfer in _SRGB_LIKE:
        return _parametric(_SRGB_CURVE)
    if transfer in _GAMMAS:
        return _gamma(_GAMMAS[transfer])
    if transfer == _PQ:
        return _sampled(lambda signal: _pq(signal) / _PQ_WHITE)
    if transfer == _HLG:
        return _sampled(lambda signal: _hlg(signal) / _hlg(_HLG_WHITE))
    return None


def _pq(signal: float) -> float:
    """SMPTE ST 2084: signal to light, both 0 to 1."""
    root = signal ** (1 / 78.84375)
    return float((max(0.0, root - 0.8359375) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _hlg(signal: float) -> float:
    """ITU-R BT.2100: signal to light of the scene, both 0 to 1."""
    if signal <= 0.5:
        return float(signal**2 / 3)
    return float((2.718281828459045 ** ((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def _sampled(light: Callable[[float], float]) -> bytes:
    points = [min(1.0, light(index / (_CURVE_POINTS - 1))) for index in range(_CURVE_POINTS)]
    samples = struct.pack(f">{_CURVE_POINTS}H", *(round(65535 * point) for point in points))
    return b"curv\0\0\0\0" + struct.pack(">I", _CURVE_POINTS) + samples


def _gamma(exponent: float) -> bytes:
    return b"para\0\0\0\0\0\0\0\0" + _fixed(exponent)


def _parametric(parameters: Sequence[float]) -> bytes:
    return b"para\0\0\0\0\0\3\0\0" + b"".join(_fixed(value) for value in parameters)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
