"""What rendering an original gives: the variants, and the facts of the original."""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.contract.presets import Preset


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an original is.

    `format` as Pillow names it (`JPEG`) and `content_type` of the actual bytes, whatever was
    declared; `width` and `height` in pixels as people see them, after orientation; `frames`
    counted up to the limit; `bit_depth` of one channel; `dominant_color` as `#rrggbb`;
    `placeholder` is a ThumbHash in base64. `captured_at` is ISO 8601 in local time, with the offset from
    UTC where the camera noted it, and `camera` its make and model; both are empty where they are unknown.
    """

    format: str
    content_type: str
    width: int
    height: int
    frames: int
    bit_depth: int
    has_alpha: bool
    dominant_color: str
    placeholder: str
    captured_at: str = ""
    camera: str = ""


@dataclass(frozen=True, kw_only=True)
class RenderedVariant:
    """One rendered size: its encoded bytes, and its width and height in pixels."""

    preset: Preset
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The variants by preset name, in the order of the presets, and the facts of the original."""

    facts: Facts
    variants: Mapping[str, RenderedVariant]
