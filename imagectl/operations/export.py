"""Copying all that a stack holds of an owner into a folder or a tar."""

import hashlib
import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError

from handlers.contract.formats import sniff
from imagectl.errors import CannotContinue
from imagectl.operations.archive import LAST, Archive, File, Folder, Manifest, Tar
from imagectl.operations.holdings import Holding, Holdings, Version
from imagectl.operations.stack import DeployedStack

_AT_ONCE: Final = 8
_IN_MEMORY: Final = 4 * 1024**2
_CHUNK: Final = 1024**2
_SNIFFED: Final = 512
_LONGEST_NAME: Final = 200
_GONE: Final = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"}


class Export:
    """Copies what is held of `owner` to `target`, a folder or a file whose name ends in `.tar`.

    `exported` counts what this run copied; `before` is how many images an earlier run had.
    """

    def __init__(self, stack: DeployedStack, owner: str, target: Path) -> None:
        self._stack = stack
        self._holdings = Holdings(stack, owner)
        self._target = target
        self._job = {"type": "export", "version": "1", "table": stack.table, "owner": owner}
        self.exported: Counter[str] = Counter()
        self.before = 0

    def run(self, progress: Callable[[int], None]) -> None:
        """Copy everything that an earlier run has not; `progress` is called with the number of images.

        Raises CannotContinue if the target cannot be written, or is that of another export.
        """
        try:
            self._run(progress)
        except OSError as error:
            raise CannotContinue(f"{self._target} cannot be written: {error}") from error

    def _run(self, progress: Callable[[int], None]) -> None:
        is_tar = self._target.suffix == ".tar"
        if is_tar:
            path = self._target.with_name(f"{self._target.name}.manifest.jsonl")
        else:
            self._target.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._target / "manifest.jsonl"
        manifest = Manifest(path, self._job)
        archive: Archive = Tar(self._target, manifest.end) if is_tar else Folder(self._target)
        self.before = len(manifest.images)
        new = (each for each in self._holdings if each.key not in manifest.images)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                while some := list(islice(new, _AT_ONCE)):
                    fetched = list(pool.map(self._files, some))
                    with ExitStack() as bodies:
                        for file in chain.from_iterable(fetched):
                            bodies.enter_context(file.body)
                        for holding, files in zip(some, fetched, strict=True):
                            self._add(archive, manifest, holding, files)
                    progress(self.exported["images"])
        finally:
            archive.close()

    def _add(self, archive: Archive, manifest: Manifest, holding: Holding, files: list[File]) -> None:
        lines = []
        for file in files:
            where = archive.add(file)
            line = {"path": file.path, "bytes": file.size, "sha256": file.sha256}
            lines.append({**line, **where, **file.about})
            self.exported.update({f"{file.about['kind']}s": 1, "bytes": file.size})
        archive.flush()
        manifest.add(holding.key, lines)

    def _files(self, holding: Holding) -> list[File]:
        """The files of an image: its originals, its variants, and last what is known of it."""
        folder = _name(holding.image_id or holding.key)
        found = [self._original(folder, version) for version in holding.versions if not version.is_marker]
        keys = self._holdings.variants(holding.image_id) if holding.image_id else []
        found += [self._variant(folder, key) for key in keys]
        files = [file for file in found if file]
        known = {
            "imageId": holding.image_id,
            "row": holding.row,
            "files": [{"path": file.path, **file.about} for file in files],
        }
        text = json.dumps(known, indent=2, ensure_ascii=False).encode()
        return [*files, _file(f"{folder}/image.json", io.BytesIO(text), {"kind": LAST})]

    def _original(self, folder: str, version: Version) -> File | None:
        body = self._fetched(self._stack.originals, version.key, VersionId=version.id)
        if body is None:
            return None
        claimed = sniff(body.read(_SNIFFED))
        suffix = claimed.extensions[0] if claimed else "bin"
        name = "original" if version.is_current else f"versions/{_name(version.id)}"
        about = {
            "kind": "original",
            "key": version.key,
            "versionId": version.id,
            "isCurrent": version.is_current,
            "uploadedAt": version.modified.isoformat(),
        }
        return _file(f"{folder}/{name}.{suffix}", body, about)

    def _variant(self, folder: str, key: str) -> File | None:
        body = self._fetched(self._stack.variants, key)
        if body is None:
            return None
        render, name = key.rsplit("/", 2)[1:]
        return _file(
            f"{folder}/variants/{_name(render)}/{_name(name)}", body, {"kind": "variant", "key": key}
        )

    def _fetched(self, bucket: str, key: str, **version: Any) -> IO[bytes] | None:
        """An object in a temporary file, small ones in memory; None if it went meanwhile."""
        try:
            body = self._stack.s3.get_object(Bucket=bucket, Key=key, **version)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return None
            raise
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed once it is added
        with body:
            for chunk in body.iter_chunks(_CHUNK):
                file.write(chunk)
        file.seek(0)
        return file


def _file(path: str, body: IO[bytes], about: dict[str, Any]) -> File:
    body.seek(0)
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(body):
        digest.update(chunk)
        size += len(chunk)
    body.seek(0)
    return File(path=path, size=size, sha256=digest.hexdigest(), body=body, about=about)


def _chunks(body: IO[bytes]) -> Iterator[bytes]:
    while chunk := body.read(_CHUNK):
        yield chunk


def _name(text: str) -> str:
    """A file name for an id or a part of a key, whatever that holds: never a path, hidden, or too long."""
    name = re.sub(r"^\.", "%2E", quote(text, safe=""))
    return name if len(name) <= _LONGEST_NAME else hashlib.sha256(text.encode()).hexdigest()
