"""A folder or a tar that files are added to, and the manifest of what is in it.

The manifest has a line of JSON for each file, with its path, size and SHA-256. The lines of one image are
written together, after its files: what the manifest does not name is written again by the next run, and
what it names is whole.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol

from imagectl.errors import CannotContinue

_BLOCK: Final = tarfile.BLOCKSIZE
LAST: Final = "image"
"""The kind of the last file of each image."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to be added: `path` is relative, `about` the rest of its line in the manifest."""

    path: str
    size: int
    sha256: str
    body: IO[bytes]
    about: Mapping[str, Any]


class Archive(Protocol):
    """Where files go. Errors of the file system are OSErrors."""

    def add(self, file: File) -> Mapping[str, Any]:
        """Add a file, and return what else its line in the manifest says."""

    def flush(self) -> None:
        """Hand everything to the operating system."""

    def close(self) -> None:
        """End the archive."""


class Folder:
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, file: File) -> Mapping[str, Any]:
        """Write a file, replacing what an interrupted run left of it."""
        path = self._path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            shutil.copyfileobj(file.body, target)
        return {}

    def flush(self) -> None:
        """Every file was closed."""

    def close(self) -> None:
        """There is nothing to end."""


class Tar:
    """A tar in the pax format, which goes on at `end`."""

    def __init__(self, path: Path, end: int) -> None:
        if end and (not path.exists() or path.stat().st_size < end):
            raise CannotContinue(f"{path} is not what its manifest says.", "Delete both to start again.")
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(end)
        self._file.seek(end)

    def add(self, file: File) -> Mapping[str, Any]:
        """Append a file; its contents begin at `offset`."""
        header = tarfile.TarInfo(file.path)
        header.size = file.size
        header.mode = 0o600
        self._file.write(header.tobuf(tarfile.PAX_FORMAT))
        offset = self._file.tell()
        shutil.copyfileobj(file.body, self._file)
        self._file.write(bytes(-file.size % _BLOCK))
        return {"offset": offset}

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Write the mark of the end, which the next run overwrites."""
        self._file.write(bytes(2 * _BLOCK))
        self._file.close()


class Manifest:
    """The manifest in `path`; `job` says what is in the archive, and is its first line.

    Raises CannotContinue if it is the manifest of another job, or none.
    """

    def __init__(self, path: Path, job: Mapping[str, str]) -> None:
        self._path = path
        self.images: set[str] = set()
        self.end = 0
        if not path.exists():
            self._write([job])
            return
        try:
            whole = self._read(job)
        except (ValueError, KeyError, TypeError) as error:
            raise CannotContinue(f"{path} is not a manifest: {error}") from error
        os.truncate(path, whole)

    def _read(self, job: Mapping[str, str]) -> int:
        """How many bytes there are up to the end of the last whole image; the rest was interrupted."""
        with self._path.open("rb") as file:
            whole = len(first := file.readline())
            if json.loads(first) != job:
                raise CannotContinue(f"{self._path} is of another export.", "Choose another folder or file.")
            read = whole
            for text in file:
                if not text.endswith(b"\n"):
                    break
                read += len(text)
                line = json.loads(text)
                if line["kind"] == LAST:
                    whole = read
                    self.images.add(line["image"])
                    if "offset" in line:
                        self.end = line["offset"] + line["bytes"] + (-line["bytes"] % _BLOCK)
        return whole

    def add(self, image: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """Name the files of an image, of which the last is of the kind `LAST`."""
        self._write([{**line, "image": image} for line in lines])

    def _write(self, lines: Iterable[Mapping[str, Any]]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{json.dumps(line)}\n" for line in lines))
