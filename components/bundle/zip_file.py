"""Zip archives whose bytes depend on names and contents alone."""

import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The earliest date a zip can hold: https://docs.python.org/3/library/zipfile.html#zipinfo-objects
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_archive(target: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` (name in the archive → contents) to `target`, which appears all at once.

    Entries are sorted, readable by everyone, dated 1980, and stored without compression, because
    compressed bytes differ from one zlib build to the next.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
            for path in sorted(files):
                archive.writestr(_entry(path), files[path], zipfile.ZIP_STORED)
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    return entry
