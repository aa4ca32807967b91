"""Presets: the named recipes of the variants, as a stack configures them.

A preset is one line, so that it fits the typed arrays of a Pulumi project file and can be set
with `pulumi config set --path 'presets[0]' …`:

    NAME WIDTHxHEIGHT FIT FORMAT [quality=1..100] [effort=N] [position=centre|attention] [enlarge]

for example `thumbnail 128x128 cover jpeg quality=82`. Widths and heights are pixels.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from handlers.contract.formats import FORMATS

Fit = Literal["cover", "contain", "fill"]
Format = Literal["jpeg", "webp", "avif", "png"]
Position = Literal["centre", "attention"]
Metadata = Literal["rights", "none"]

RECIPE_VERSION = 2
"""Counts the ways in which the same presets have been rendered: raised when the bytes change.

It is part of the preset hash and so of variant keys, under which no bytes ever change. Since 2, variants
keep the author and the licence, and libvips filters planes.
"""

MAX_SIDE = 8192
MAX_PRESETS = 16
REQUIRED = "thumbnail"
BARE_BELOW = 256
"""Variants whose box is smaller than this, in pixels, have no metadata, which would be a tenth of them."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NUMBER = re.compile(r"[0-9]{1,4}")
_OPTIONS = ("quality", "effort", "position", "enlarge")
_SYNTAX = "NAME WIDTHxHEIGHT FIT FORMAT [quality=N] [effort=N] [position=centre|attention] [enlarge]"
_BOX = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
# Where quality and effort stop paying, measured: see docs/rendering.md.
_DEFAULT_QUALITY = {"jpeg": 82, "webp": 80, "avif": 60, "png": 100}
_DEFAULT_EFFORT = {"jpeg": 1, "webp": 4, "avif": 1, "png": 6}
_MAX_EFFORT = {"jpeg": 2, "webp": 6, "avif": 10, "png": 9}


class PresetError(ValueError):
    """A preset line cannot be used; the message names the preset, the value and the bound."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """The recipe of one variant.

    `width` and `height` are the box, in pixels. `quality` is the encoder's own scale, 1 to 100
    (PNG has none). `effort` buys smaller files with time: `jpeg` 0 to 2 (standard tables, tables
    of its own, progressive), `webp` 0 to 6, `avif` 0 to 10, `png` 0 to 9; None is the format's
    default. `position` is what `cover` keeps: the centre, or where the detail is. Only with
    `enlarge` is an original smaller than the box scaled up (`fill` always has the box's size).
    `metadata` is what the variant keeps of the original's: `rights` (author and licence) or `none`.
    """

    name: str
    width: int
    height: int
    fit: Fit
    format: Format
    quality: int
    effort: int | None = None
    position: Position = "centre"
    enlarge: bool = False
    metadata: Metadata = "none"

    @property
    def extension(self) -> str:
        """The file name extension of the variant's key, without the dot."""
        return FORMATS[self.format.upper()].extensions[0]

    @property
    def content_type(self) -> str:
        """The media type the variant is served with."""
        return FORMATS[self.format.upper()].content_types[0]


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


def parse_presets(lines: Sequence[str], metadata: str = "rights") -> tuple[Preset, ...]:
    """Parse the preset lines of a stack; `metadata` is what all but the smallest variants keep.

    Raises PresetError if a line is malformed, a value is out of its range, a name is used twice,
    or there is no preset called `thumbnail` (the row's `ResizedImageKey` points at it).
    """
    if not 1 <= len(lines) <= MAX_PRESETS:
        raise PresetError(f"{len(lines)} presets given; a stack has 1 to {MAX_PRESETS}")
    presets = tuple(_parse(line, cast("Metadata", metadata)) for line in lines)
    names = [preset.name for preset in presets]
    for name in names:
        if names.count(name) > 1:
            raise PresetError(f"preset name '{name}' is used {names.count(name)} times; names are unique")
    if REQUIRED not in names:
        raise PresetError(f"no preset is called '{REQUIRED}'; found {', '.join(names)}")
    return presets


def effort_of(preset: Preset) -> int:
    """The effort a preset is encoded with."""
    return _DEFAULT_EFFORT[preset.format] if preset.effort is None else preset.effort


def preset_hash(presets: Iterable[Preset]) -> str:
    """The canonical hash of a set of presets and the recipe: 16 hex digits, independent of their order.

    It is the same on every Python version and in every process, so that a row can remember the
    presets it was rendered with.
    """
    described = sorted((asdict(preset) for preset in presets), key=lambda preset: preset["name"])
    canonical = json.dumps(
        {"recipe": RECIPE_VERSION, "presets": described},
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def is_name(name: str) -> bool:
    """Whether a preset, and so a variant, may have this name."""
    return _NAME.fullmatch(name) is not None


def _parse(line: str, metadata: Metadata) -> Preset:
    words = line.split()
    if len(words) < 4:
        raise PresetError(f"preset '{line}' is not '{_SYNTAX}'")
    name, box, fit, output, *options = words
    if not is_name(name):
        raise PresetError(f"preset name '{name}' is not 1 to 32 of a-z, 0-9 and '-', starting with a letter")
    width, height = _box(name, box)
    if fit not in get_args(Fit):
        raise PresetError(f"preset '{name}': fit '{fit}' is not one of {', '.join(get_args(Fit))}")
    if output not in get_args(Format):
        raise PresetError(f"preset '{name}': format '{output}' is not one of {', '.join(get_args(Format))}")
    given = _options(name, options)
    return Preset(
        name=name,
        width=width,
        height=height,
        fit=cast("Fit", fit),
        format=cast("Format", output),
        quality=_number(name, given, "quality", (1, 100), _DEFAULT_QUALITY[output]),
        effort=_number(name, given, "effort", (0, _MAX_EFFORT[output]), _DEFAULT_EFFORT[output]),
        position=cast("Position", _choice(name, given, "position", get_args(Position))),
        enlarge="enlarge" in given,
        metadata=metadata if max(width, height) >= BARE_BELOW else "none",
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


def _options(name: str, words: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in _OPTIONS or bool(equals) == (key == "enlarge"):
            raise PresetError(f"preset '{name}': option '{word}' is none of {_SYNTAX}")
        if key in given:
            raise PresetError(f"preset '{name}': option '{key}' is given twice")
        given[key] = value
    return given


def _number(name: str, given: Mapping[str, str], key: str, bounds: tuple[int, int], default: int) -> int:
    low, high = bounds
    value = given.get(key, str(default))
    if not _NUMBER.fullmatch(value) or not low <= int(value) <= high:
        raise PresetError(f"preset '{name}': {key} '{value}' is not between {low} and {high}")
    return int(value)


def _choice(name: str, given: Mapping[str, str], key: str, choices: Sequence[str]) -> str:
    value = given.get(key, choices[0])
    if value not in choices:
        raise PresetError(f"preset '{name}': {key} '{value}' is not one of {', '.join(choices)}")
    return value
