"""The photographs that a sample run uploads."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from handlers.contract.formats import CONTENT_TYPES

_TYPES = mimetypes.MimeTypes()
for _suffix in ("avif", "heic", "heif", "webp"):  # not known to every Python that is supported
    _TYPES.add_type(f"image/{_suffix}", f".{_suffix}")


@dataclass(frozen=True, kw_only=True)
class Photo:
    """An image file. `name` is its path in the folder it was found in, with forward slashes."""

    path: Path
    name: str
    content_type: str
    bytes: int


def find_photos(folder: Path) -> list[Photo]:
    """Every file in `folder`, or a folder below it, that has the suffix of an accepted image type.

    In the order of their names; hidden ones are left out.
    """
    photos = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        content_type = _TYPES.guess_type(path.name)[0]
        if content_type not in CONTENT_TYPES or any(part.startswith(".") for part in relative.parts):
            continue
        if path.is_file():
            size = path.stat().st_size
            photos.append(Photo(path=path, name=relative.as_posix(), content_type=content_type, bytes=size))
    return photos
