"""A file's content type and hash."""

import hashlib
import os
from io import BufferedReader
from typing import Final

from handlers.contract.formats import CONTAINER_BRANDS, FORMATS, sniff
from handlers.contract.original_metadata import MAX_FILE_NAME_BYTES
from imagectl.journal import Journal
from imagectl.upload import companions
from imagectl.upload.file_walk import Found, Unusable, explained
from imagectl.upload_model import File

_HEAD_BYTES: Final = 32

_EXTENSIONS: Final = {
    extension: kind
    for each in FORMATS.values()
    for extension, kind in {
        **dict.fromkeys(each.extensions, each.content_types[0]),
        **{kind.partition("/")[2]: kind for kind in each.content_types},
    }.items()
}


def read(found: Found | Unusable, journal: Journal) -> File | Unusable:
    """Hash a file, unless the journal knows it unchanged; or say why it cannot be uploaded."""
    if isinstance(found, Unusable):
        return found
    if not found.size:
        return Unusable(path=found.path, reason="It is empty.")
    known = journal.known(found.path, found.size, found.mtime_ns)
    if known:
        sha256, content_type = known
        return _file(found, found.size, found.mtime_ns, content_type, sha256)
    try:
        with open(found.path, "rb") as opened:  # noqa: PTH123 - names are any bytes
            return _hashed(found, opened)
    except OSError as error:
        return Unusable(path=found.path, reason=explained(error), size=found.size)


def content_type_of(head: bytes, name: str) -> str | None:
    """The media type of an image, by its first bytes or else its name; None for other files."""
    if head[4:8] == b"ftyp" and head[8:12] in CONTAINER_BRANDS:
        return "image/heif"
    if known := sniff(head):
        return known.content_types[0]
    extension = os.path.splitext(name)[1].removeprefix(".").lower()  # noqa: PTH122 - a name, not a path
    return _EXTENSIONS.get(extension)


def announced_name(name: str) -> str:
    """A name of any bytes as text for the service: its end, as much as the service keeps."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return text.encode()[-MAX_FILE_NAME_BYTES:].decode(errors="ignore")


def _hashed(found: Found, opened: BufferedReader) -> File | Unusable:
    before = os.fstat(opened.fileno())
    content_type = content_type_of(opened.read(_HEAD_BYTES), found.name)
    if content_type is None:
        reason = "It is not an image, by its first bytes or its name."
        reason = companions.REASON if companions.is_companion(found.name) else reason
        return Unusable(path=found.path, reason=reason, size=found.size)
    opened.seek(0)
    sha256 = hashlib.file_digest(opened, "sha256").digest()
    after = os.fstat(opened.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return Unusable(path=found.path, reason="It changed while it was read.", size=found.size)
    return _file(found, after.st_size, after.st_mtime_ns, content_type, sha256)


def _file(found: Found, size: int, mtime_ns: int, content_type: str, sha256: bytes) -> File:
    return File(
        path=found.path,
        name=announced_name(found.name),
        size=size,
        mtime_ns=mtime_ns,
        content_type=content_type,
        sha256=sha256,
    )
