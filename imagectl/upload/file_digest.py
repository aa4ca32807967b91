"""A file's content type and hash."""

import hashlib
import os
from io import BufferedReader
from typing import Final

from imagectl.journal import Journal
from imagectl.upload.file_walk import Found, Unusable, explained
from imagectl.upload_model import File

_HEAD_BYTES: Final = 32
MAX_NAME_CHARACTERS: Final = 1024

# First bytes -> type; the file's name decides only where they say nothing.
# https://mimesniff.spec.whatwg.org/#image-type-pattern-matching-algorithm
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"BM", "image/bmp"),
)
# Brands of ISO base media files, https://mp4ra.org/registered-types/brands
_BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
_EXTENSIONS: Final = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".jfif": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
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
    """The media type of an image; None for what is none by its first bytes nor by its name."""
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _BRANDS[head[8:12]]
    return _EXTENSIONS.get(os.path.splitext(name)[1].lower())  # noqa: PTH122 - a name, not a path


def announced_name(name: str) -> str:
    """A name of any bytes as text for the service: its last 1024 characters."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return text[-MAX_NAME_CHARACTERS:]


def _hashed(found: Found, opened: BufferedReader) -> File | Unusable:
    before = os.fstat(opened.fileno())
    content_type = content_type_of(opened.read(_HEAD_BYTES), found.name)
    if content_type is None:
        reason = "It is no image: neither its first bytes nor its name are those of one."
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
