"""Checks of what a render process answers: it has read a hostile image, so nothing is taken on trust."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from handlers.contract import rejections
from handlers.contract.presets import Limits, Preset
from handlers.contract.rejections import ImageRejected
from handlers.rendering.metadata.text import one_line
from handlers.rendering.result import Facts, Rendered, RenderedVariant
from handlers.rendering.sandbox.protocol import BrokenFrame

_MEASURED_CHARACTERS: Final = 300
# Raw pixels of four bytes each are more than any encoder makes of them, but for headers.
_BYTES_PER_PIXEL, _OVERHEAD_BYTES = 5, 1 << 16
_TEXTS: Final = {
    "format": re.compile("[A-Z]{1,16}"),
    "content_type": re.compile("image/[a-z]{1,16}"),
    "dominant_color": re.compile("#[0-9a-f]{6}"),
    "placeholder": re.compile("[A-Za-z0-9+/]{1,64}={0,2}"),
    "captured_at": re.compile(
        "(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[+-][0-9]{2}:[0-9]{2})?)?"
    ),
    "camera": re.compile(".{0,64}"),
}
_MAX_BIT_DEPTH: Final = 64


def max_answer_bytes(presets: Sequence[Preset]) -> int:
    """How many bytes the variants of the presets can have together."""
    return sum(preset.width * preset.height * _BYTES_PER_PIXEL + _OVERHEAD_BYTES for preset in presets)


def rejection(answer: Mapping[str, Any]) -> ImageRejected:
    """The rejection that an answer names. Raises BrokenFrame if it names none."""
    reason, measured = answer.get("reason"), answer.get("measured")
    if not isinstance(reason, str) or not isinstance(measured, str):
        raise BrokenFrame("a rejection without a reason")
    try:
        return rejections.named(reason, _printable(measured))
    except KeyError:
        raise BrokenFrame("a rejection for an unknown reason") from None


def error(answer: Mapping[str, Any]) -> str:
    """The error that an answer reports. Raises BrokenFrame if it reports none."""
    text = answer.get("error")
    if not isinstance(text, str):
        raise BrokenFrame("a failure without an error")
    return _printable(text)


def rendered(
    answer: Mapping[str, Any], payload: bytes, presets: Sequence[Preset], limits: Limits
) -> Rendered:
    """The variants and facts of an answer.

    Raises BrokenFrame unless there is exactly one variant for each preset, in their order, no larger than
    its box, they take up all of the payload, and the facts are within the limits.
    """
    described = answer.get("variants")
    if not isinstance(described, list) or len(described) != len(presets):
        raise BrokenFrame("not one variant for each preset")
    variants = dict(_variants(described, payload, presets))
    if sum(len(variant.data) for variant in variants.values()) != len(payload):
        raise BrokenFrame("variants of other sizes than the payload")
    return Rendered(facts=_facts(answer.get("facts"), limits), variants=variants)


def _variants(
    described: Sequence[Any], payload: bytes, presets: Sequence[Preset]
) -> Iterator[tuple[str, RenderedVariant]]:
    start = 0
    for each, preset in zip(described, presets, strict=True):
        if not isinstance(each, dict) or each.get("preset") != preset.name:
            raise BrokenFrame("a variant of another preset")
        width = _whole(each.get("width"), preset.width)
        height = _whole(each.get("height"), preset.height)
        end = start + _whole(each.get("bytes"), len(payload) - start)
        yield preset.name, RenderedVariant(preset=preset, data=payload[start:end], width=width, height=height)
        start = end


def _facts(described: Any, limits: Limits) -> Facts:
    if not isinstance(described, dict) or set(described) != {field.name for field in fields(Facts)}:
        raise BrokenFrame("other facts than those of an image")
    for name, pattern in _TEXTS.items():
        if not isinstance(described[name], str) or not pattern.fullmatch(described[name]):
            raise BrokenFrame(f"a strange {name}")
    if described["camera"] != one_line(described["camera"]):
        raise BrokenFrame("a strange camera")
    for name, most in (
        ("width", limits.max_side),
        ("height", limits.max_side),
        ("frames", limits.max_frames),
        ("bit_depth", _MAX_BIT_DEPTH),
    ):
        _whole(described[name], most)
    if not isinstance(described["has_alpha"], bool):
        raise BrokenFrame("a strange has_alpha")
    return Facts(**described)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise BrokenFrame(f"a number that is not between 1 and {most}")
    return value


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_MEASURED_CHARACTERS])
