"""EXIF: the author, the copyright, the camera and the moment, and other blocks that a TIFF holds as tags."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.rendering.metadata.text import decoded, one_line
from handlers.rendering.metadata.tiff_directory import directory_at, first_directory

MAX_CAMERA_CHARACTERS: Final = 64

# EXIF 3.0 (CIPA DC-008-2023), 4.6: https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E
_MAKE, _MODEL, _ARTIST, _COPYRIGHT, _EXIF_DIRECTORY = 0x010F, 0x0110, 0x013B, 0x8298, 0x8769
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377
_MAX_TEXT_BYTES: Final = 4096
_MAX_BLOCK_BYTES: Final = 1 << 20

_DATE: Final = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d", re.ASCII)
# The year of the oldest photograph that exists. Cameras without a date write years of their own.
_FIRST_YEAR: Final = 1826
# The end of names such as "OLYMPUS IMAGING CORP." and "RICOH IMAGING COMPANY, LTD.".
_COMPANY: Final = re.compile(
    r"[ ,]+(?:corporation|corp|company|co|ltd|inc|gmbh|ag|imaging|optical|electric|camera)[.,]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Exif:
    """What is read of EXIF; texts are empty where they are absent.

    `captured_at` is ISO 8601 in local time, with the offset from UTC where the camera noted it.
    """

    artist: str = ""
    copyright: str = ""
    camera: str = ""
    captured_at: str = ""
    xmp: bytes = b""
    iptc: bytes = b""


def read(block: bytes) -> Exif:
    """Read an EXIF block or a whole TIFF. What is damaged or absent is left empty."""
    block = block.removeprefix(b"Exif\0\0")
    main = first_directory(block)
    if main is None:
        return Exif()
    details = next((directory_at(block, main.order, at) for at in main.integers(_EXIF_DIRECTORY, 1)), None)
    taken, offset = (
        one_line(decoded(details.text(tag, 64))) if details else "" for tag in (_TAKEN, _TAKEN_OFFSET)
    )
    # The photographer's copyright, and behind a NUL the editor's; everything else ends with one.
    notices = (one_line(decoded(part)) for part in main.text(_COPYRIGHT, _MAX_TEXT_BYTES).split(b"\0")[:2])
    make, model, artist = (
        one_line(decoded(main.text(tag, _MAX_TEXT_BYTES).split(b"\0")[0])) for tag in (_MAKE, _MODEL, _ARTIST)
    )
    return Exif(
        artist=artist,
        copyright="; ".join(filter(None, notices)),
        camera=_camera(make, model),
        captured_at=_moment(taken, offset),
        xmp=main.raw(_XMP, _MAX_BLOCK_BYTES),
        iptc=main.raw(_IPTC, _MAX_BLOCK_BYTES) or main.raw(_PHOTOSHOP, _MAX_BLOCK_BYTES),
    )


def _camera(make: str, model: str) -> str:
    """Make and model as people say them: the make once, without the kind of company."""
    maker = make[:MAX_CAMERA_CHARACTERS]
    while (shorter := _COMPANY.sub("", maker)) != maker:
        maker = shorter
    named = not maker or model.lower().split(" ")[0] in maker.lower().split(" ")
    return one_line(model if named else f"{maker} {model}", MAX_CAMERA_CHARACTERS)


def _moment(taken: str, offset: str) -> str:
    found = _DATE.fullmatch(taken)
    if not found:
        return ""
    try:
        moment = datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001 - local time
    except ValueError:
        return ""
    if moment.year < _FIRST_YEAR:
        return ""
    return moment.isoformat() + (offset if _OFFSET.fullmatch(offset) else "")
