"""What exiv2 reads in files, as JSON on standard output; run by an interpreter that has pyexiv2.

Reads paths from standard input, a line each. For each file, by its path: `rights`, the texts of the fields
that variants keep; `other`, the names of all other properties; nothing for a file that exiv2 cannot read.
"""

import json
import sys
from typing import Any

import pyexiv2

RIGHTS = {
    "Exif.Image.Artist",
    "Exif.Image.Copyright",
    "Iptc.Application2.Byline",
    "Iptc.Application2.Credit",
    "Iptc.Application2.Copyright",
    "Xmp.dc.creator",
    "Xmp.dc.rights",
    "Xmp.photoshop.Credit",
    "Xmp.xmpRights.WebStatement",
    "Xmp.plus.LicensorURL",
    "Xmp.plus.Licensor[1]/plus:LicensorURL",
}
# The structure around the licensor's URL.
_AROUND = {"Xmp.plus.Licensor", "Xmp.plus.Licensor[1]"}


def _blocks(image: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for read in (image.read_exif, image.read_iptc, image.read_xmp):
        for encoding in ("utf-8", "cp1252"):
            try:
                found |= read(encoding=encoding)
                break
            except UnicodeDecodeError:
                continue
            except RuntimeError:
                break
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):  # a text in several languages
        return [str(next(iter(value.values())))]
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _fields(path: str) -> dict[str, Any] | None:
    try:
        with pyexiv2.Image(path) as image:
            found = _blocks(image)
    except (RuntimeError, UnicodeDecodeError):
        return None
    rights = [text for name in RIGHTS & set(found) for text in _texts(found[name])]
    return {"rights": rights, "other": sorted(set(found) - RIGHTS - _AROUND)}


pyexiv2.set_log_level(4)
paths = sys.stdin.read().splitlines()
sys.stdout.write(json.dumps({path: fields for path in paths if (fields := _fields(path)) is not None}))
