"""Which files are meant: folders are walked entry by entry, so that size costs no memory."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Protocol

from imagectl.upload import companions

# Hidden files, and what file managers leave in folders of photographs. Unless they are named, they
# are not meant.
LITTER: Final = (".*", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A file; `name` is its path below the folder that was given. It may be unreadable yet."""

    path: str
    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unusable:
    """A path that cannot be uploaded, and why."""

    path: str
    reason: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Glob patterns without regard to case. One with a slash is for the name below the folder given,
    any other for the last part of it. Excluded folders are not entered.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def file(self, name: str) -> bool:
        """Whether a file is wanted."""
        return (not self.include or _any(self.include, name)) and not _any(self.exclude, name)

    def below(self, name: str) -> bool:
        """Whether a file or folder that was met in a folder is looked at."""
        return not _any((*LITTER, *self.exclude), name)


def walk(paths: Sequence[str], wanted: Wanted) -> Iterator[Found | Unusable]:
    """Every wanted file at or below the paths, in no order. Links are followed.

    Companions of photographs that are met in a folder are not usable; one that is named may be an image.
    """
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - names are any bytes, and the walk is hot
        except (OSError, ValueError) as error:
            yield Unusable(path=path, reason=explained(error))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _below(path, status, wanted)
        elif wanted.file(os.path.basename(path)):  # noqa: PTH119 - the same
            yield _file(path, os.path.basename(path), status)  # noqa: PTH119 - the same


class _Entries(Protocol):
    """What os.scandir returns."""

    def __next__(self) -> os.DirEntry[str]: ...

    def __iter__(self) -> Iterator[os.DirEntry[str]]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class _Folder:
    """An open folder; the names of its files begin with `name`."""

    path: str
    name: str
    identity: tuple[int, int]
    entries: _Entries

    @classmethod
    def opened(cls, path: str, name: str, status: os.stat_result) -> "_Folder":
        return cls(path, name, (status.st_dev, status.st_ino), os.scandir(path))


def _below(top: str, status: os.stat_result, wanted: Wanted) -> Iterator[Found | Unusable]:
    """The files below a folder. The folders above the one that is read are all that is remembered."""
    try:
        above = [_Folder.opened(top, "", status)]
    except OSError as error:
        yield Unusable(path=top, reason=explained(error))
        return
    try:
        while above:
            met: Found | Unusable | _Folder | None
            path = above[-1].path
            try:
                entry = next(above[-1].entries, None)
                if entry is None:
                    above.pop()
                    continue
                path = entry.path
                met = _met(entry, above, wanted)
            except OSError as error:
                met = Unusable(path=path, reason=explained(error))
            if isinstance(met, _Folder):
                above.append(met)
            elif met is not None:
                yield met
    finally:
        # The walk may be left before its end; what was read to its end is closed already.
        for folder in above:
            folder.entries.close()


def _met(
    entry: os.DirEntry[str], above: Sequence[_Folder], wanted: Wanted
) -> Found | Unusable | _Folder | None:
    """What an entry of the last folder is: a file, a folder to enter, or nothing that is wanted."""
    name = f"{above[-1].name}{entry.name}"
    if not wanted.below(name):
        return None
    status = entry.stat()
    if not stat.S_ISDIR(status.st_mode):
        if not wanted.file(name):
            return None
        if companions.is_companion(name):
            return Unusable(path=entry.path, reason=companions.REASON, size=status.st_size)
        return _file(entry.path, name, status)
    # A link to a folder that it lies in would be walked for ever.
    if any((status.st_dev, status.st_ino) == each.identity for each in above):
        return None
    return _Folder.opened(entry.path, f"{name}/", status)


def explained(error: Exception) -> str:
    """Why a file or folder cannot be used, without its path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _file(path: str, name: str, status: os.stat_result) -> Found | Unusable:
    if not stat.S_ISREG(status.st_mode):
        return Unusable(path=path, reason="It is not a regular file.")
    return Found(path=path, name=name, size=status.st_size, mtime_ns=status.st_mtime_ns)


def _any(patterns: Sequence[str], name: str) -> bool:
    whole = name.casefold()
    last = whole.rsplit("/", 1)[-1]
    return any(
        fnmatchcase(whole if "/" in pattern else last, pattern.casefold().rstrip("/")) for pattern in patterns
    )
