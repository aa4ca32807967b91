"""The Lambda archives: for each function its code, and layers with its dependencies.

The program builds what it needs itself; `python -m components.bundle` builds everything. An
archive is built again only when its inputs changed, and the same inputs give the same bytes on
every machine. They are in `build/`; of a project that cannot be written, in a folder of the user's cache.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from components.bundle.dependencies import ARCHITECTURE, RUNTIME, TARGET, installed_files
from components.bundle.errors import BundleError
from components.bundle.zip_file import write_archive

__all__ = [
    "ARCHITECTURE",
    "LAYERS",
    "ROOMS",
    "ROOT",
    "RUNTIME",
    "SKIP_LAYERS",
    "BundleError",
    "code_archive",
    "layer_archive",
]

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = {
    "resize": ("contract", "storage", "rendering", "resize"),
    "api": ("contract", "storage", "api"),
    "publish": ("contract", "storage", "publish"),
    "delivery": ("contract", "storage", "delivery"),
}
"""The folders of `handlers` that each function's archive holds: its own, and those that it imports."""
LAYERS: Final = {
    "resize": ("resize", "vector"),
    "api": ("api",),
    "publish": ("publish",),
    "delivery": ("delivery",),
}
"""The layers of each function, by the names of their requirements."""
SKIP_LAYERS: Final = "IMAGE_INTAKE_SKIP_LAYERS"
"""Environment variable: if it is set, layers are named but not built. For runs without an engine,
which never look at an archive's bytes; a real deployment would stop at the missing file."""

# An archive is uploaded in the call that creates the function or layer; all of them stay far
# below the 250 MB that they may unpack to.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_BYTES: Final = 50 * 1024 * 1024

# The page, and the licences of the libraries in it, beside the code.
_CODE: Final = frozenset({".py", ".html", ".css", ".js", ".md"})


def code_archive(name: str, root: Path = ROOT) -> Path:
    """The archive of one function's code: the rooms of `handlers` that it needs, and no others.

    Raises BundleError if it is too large.
    """
    handlers = root / "handlers"
    paths = [
        handlers / "__init__.py",
        *(path for room in ROOMS[name] for path in (handlers / room).rglob("*")),
    ]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.suffix in _CODE}
    return _build(root, f"{name}.zip", _digest(files), lambda: files)


def layer_archive(name: str, root: Path = ROOT) -> Path:
    """The layer with the dependencies in `requirements/{name}.txt`.

    Raises BundleError if pip fails or the layer is too large.
    """
    if os.environ.get(SKIP_LAYERS):
        return _folder(root) / f"{name}-layer.zip"
    requirements = root / "requirements" / f"{name}.txt"
    inputs = _digest({"requirements": requirements.read_bytes(), "target": TARGET.encode()})
    return _build(root, f"{name}-layer.zip", inputs, lambda: installed_files(requirements))


def _build(root: Path, name: str, inputs: str, contents: Callable[[], Mapping[str, bytes]]) -> Path:
    target = _folder(root) / name
    # A project that cannot be written may come with its archives.
    for built in (root / "build" / name, target):
        stamp = built.with_suffix(".stamp")
        if built.exists() and stamp.exists() and stamp.read_text("utf-8") == _stamp(inputs, built):
            return built
    write_archive(target, contents())
    size = target.stat().st_size
    if size > _MAX_BYTES:
        raise BundleError(f"{target.name} has {size} bytes; Lambda accepts {_MAX_BYTES} at most.")
    target.with_suffix(".stamp").write_text(_stamp(inputs, target), "utf-8")
    return target


def _folder(root: Path) -> Path:
    build = root / "build"
    if os.access(build if build.exists() else root, os.W_OK):
        return build
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # Different projects, such as two versions of the package, may be deployed at the same time.
    return cache / "image-intake" / hashlib.sha256(str(root).encode()).hexdigest()[:16]


def _stamp(inputs: str, target: Path) -> str:
    return f"{inputs} {hashlib.sha256(target.read_bytes()).hexdigest()}\n"


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()
