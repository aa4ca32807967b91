"""Presets: the named recipes of the variants, as a stack configures them.

A preset is one line, so that it fits the typed arrays of a Pulumi project file and can be set
with `pulumi config set --path 'presets[0]' …`:

    NAME WIDTHxHEIGHT FIT FORMAT [quality=1..100]

for example `thumbnail 128x128 cover jpeg`. Widths and heights are pixels.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

Fit = Literal["cover", "contain", "fill"]
Format = Literal["jpeg", "webp", "avif", "png"]

MAX_SIDE = 8192
MAX_PRESETS = 16
REQUIRED = "thumbnail"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_BOX = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
_DEFAULT_QUALITY = {"jpeg": 82, "webp": 80, "avif": 60, "png": 100}

EXTENSIONS: dict[Format, str] = {"jpeg": "jpg", "webp": "webp", "avif": "avif", "png": "png"}
CONTENT_TYPES: dict[Format, str] = {
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "png": "image/png",
}


class PresetError(ValueError):
    """A preset line cannot be used; the message names the preset, the value and the bound."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """The recipe of one variant. `width` and `height` are the box, in pixels."""

    name: str
    width: int
    height: int
    fit: Fit
    format: Format
    quality: int

    @property
    def extension(self) -> str:
        """The file name extension of the variant's key, without the dot."""
        return EXTENSIONS[self.format]

    @property
    def content_type(self) -> str:
        """The media type the variant is served with."""
        return CONTENT_TYPES[self.format]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an original may measure at most before it is rejected.

    `max_bytes` is the size of the object; `max_pixels` its width times its height and `max_side`
    the longer of the two, as the header of the file declares them; `max_frames` how many frames
    of an animation are looked at; `max_metadata_bytes` the size of all its metadata together;
    `max_decode_bytes` the memory its decoder needs, which differs by format (see
    `docs/rendering.md`) and leaves room for the interpreter in a function of 512 MiB.
    """

    max_bytes: int
    max_pixels: int
    max_side: int
    max_frames: int
    max_metadata_bytes: int
    max_decode_bytes: int = 400 * 1024 * 1024


def parse_presets(lines: Sequence[str]) -> tuple[Preset, ...]:
    """Parse the preset lines of a stack.

    Raises PresetError if a line is malformed, a value is out of its range, a name is used twice,
    or there is no preset called `thumbnail` (the row's `ResizedImageKey` points at it).
    """
    if not 1 <= len(lines) <= MAX_PRESETS:
        raise PresetError(f"{len(lines)} presets given; a stack has 1 to {MAX_PRESETS}")
    presets = tuple(_parse(line) for line in lines)
    names = [preset.name for preset in presets]
    for name in names:
        if names.count(name) > 1:
            raise PresetError(f"preset name '{name}' is used {names.count(name)} times; names are unique")
    if REQUIRED not in names:
        raise PresetError(f"no preset is called '{REQUIRED}'; found {', '.join(names)}")
    return presets


def preset_hash(presets: Iterable[Preset]) -> str:
    """The canonical hash of a set of presets: 16 hex digits, independent of their order.

    It is the same on every Python version and in every process, so that a row can remember the
    presets it was rendered with.
    """
    canonical = json.dumps(
        sorted((asdict(preset) for preset in presets), key=lambda preset: preset["name"]),
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _parse(line: str) -> Preset:
    words = line.split()
    if len(words) < 4:
        raise PresetError(f"preset '{line}' is not 'NAME WIDTHxHEIGHT FIT FORMAT [quality=N]'")
    name, box, fit, output, *options = words
    if not _NAME.fullmatch(name):
        raise PresetError(f"preset name '{name}' is not 1 to 32 of a-z, 0-9 and '-', starting with a letter")
    width, height = _box(name, box)
    if fit not in get_args(Fit):
        raise PresetError(f"preset '{name}': fit '{fit}' is not one of {', '.join(get_args(Fit))}")
    if output not in get_args(Format):
        raise PresetError(f"preset '{name}': format '{output}' is not one of {', '.join(get_args(Format))}")
    return Preset(
        name=name,
        width=width,
        height=height,
        fit=cast("Fit", fit),
        format=cast("Format", output),
        quality=_quality(name, options, _DEFAULT_QUALITY[output]),
    )


def _box(name: str, box: str) -> tuple[int, int]:
    size = _BOX.fullmatch(box)
    if not size:
        raise PresetError(f"preset '{name}': box '{box}' is not WIDTHxHEIGHT")
    width, height = int(size[1]), int(size[2])
    for side, value in (("width", width), ("height", height)):
        if not 1 <= value <= MAX_SIDE:
            raise PresetError(f"preset '{name}': {side} {value} is not between 1 and {MAX_SIDE}")
    return width, height


def _quality(name: str, options: Sequence[str], default: int) -> int:
    quality = default
    for option in options:
        key, _, value = option.partition("=")
        if key != "quality":
            raise PresetError(f"preset '{name}': option '{option}' is not quality=N")
        if not value.isdecimal() or not 1 <= int(value) <= 100:
            raise PresetError(f"preset '{name}': quality '{value}' is not between 1 and 100")
        quality = int(value)
    return quality
