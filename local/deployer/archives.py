"""Pulumi archives as the bytes of one zip file."""

import io
import zipfile
from pathlib import Path

import pulumi

_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_bytes(archive: pulumi.Archive) -> bytes:
    """The zip file of a file archive (a zip file or a folder) or an asset archive.

    Raises TypeError for an archive that is fetched from the network.
    """
    if isinstance(archive, pulumi.FileArchive) and Path(archive.path).is_file():
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for name, content in sorted(_members("", archive)):
            bundle.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return buffer.getvalue()


def _members(prefix: str, content: pulumi.Archive | pulumi.Asset) -> list[tuple[str, bytes]]:
    if isinstance(content, pulumi.AssetArchive):
        members = []
        for name, member in content.assets.items():
            is_leaf = isinstance(member, pulumi.Asset)
            members += _members(f"{prefix}{name}" if is_leaf else f"{prefix}{name}/", member)
        return members
    if isinstance(content, pulumi.FileArchive):
        return _folder(prefix, Path(content.path))
    if isinstance(content, pulumi.FileAsset):
        return [(prefix, Path(content.path).read_bytes())]
    if isinstance(content, pulumi.StringAsset):
        return [(prefix, content.text.encode())]
    raise TypeError(f"{type(content).__name__} is not on this machine")


def _folder(prefix: str, path: Path) -> list[tuple[str, bytes]]:
    if path.is_file():
        with zipfile.ZipFile(path) as bundle:
            return [(f"{prefix}{name}", bundle.read(name)) for name in bundle.namelist()]
    return [
        (f"{prefix}{file.relative_to(path).as_posix()}", file.read_bytes())
        for file in path.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
