"""The Lambda archives in `build/`: one of code, and one layer of dependencies a function.

`python -m components.bundle` builds them alone; the program builds what it needs itself. An
archive is built again only when its inputs changed.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pulumi

from components.archive import write_archive

RUNTIME: Final = "python3.13"
ARCHITECTURE: Final = "arm64"
LAYERS: Final = ("resize", "api")
SKIP_LAYERS: Final = "IMAGE_INTAKE_SKIP_LAYERS"
"""Environment variable: set, layers are named but not built. For runs without an engine, which
never look at an archive's bytes; a real deployment then stops at the missing file."""

ROOT: Final = Path(__file__).resolve().parent.parent

# The runtime's Amazon Linux 2023 has glibc 2.34; wheels for any older one run there too.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_PLATFORMS: Final = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
_MACHINE: Final = "aarch64"
# Function and layers together, unzipped; archives are stored uncompressed.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BYTES: Final = 250 * 1024 * 1024
# What pip writes about the installation itself, and scripts that start with the host's Python.
_LEFT_OUT: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class BundleError(pulumi.RunError):
    """An archive cannot be built; the message is one sentence."""


def code_archive(root: Path = ROOT) -> Path:
    """The archive of the package `handlers`, which holds the code of every function."""
    package = root / "handlers"
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in package.rglob("*.py")
        if "__pycache__" not in path.parts
    }
    return _build(root / "build" / "handlers.zip", _digest(files), lambda: files)


def layer_archive(name: str, root: Path = ROOT) -> Path:
    """The layer with the dependencies of one function, from `requirements/{name}.txt`.

    Raises BundleError if pip fails or the layer is too large.
    """
    target = root / "build" / f"{name}-layer.zip"
    if os.environ.get(SKIP_LAYERS):
        return target
    requirements = root / "requirements" / f"{name}.txt"
    platform = " ".join((RUNTIME, _MACHINE, *_PLATFORMS)).encode()
    inputs = _digest({"requirements": requirements.read_bytes(), "platform": platform})
    return _build(target, inputs, lambda: _installed(requirements))


def _build(target: Path, inputs: str, contents: Callable[[], Mapping[str, bytes]]) -> Path:
    stamp = target.with_suffix(".stamp")
    if target.exists() and stamp.exists() and stamp.read_text("utf-8") == _stamp(inputs, target):
        return target
    files = contents()
    size = sum(map(len, files.values()))
    if size > MAX_BYTES:
        raise BundleError(f"{target.name} holds {size} bytes; Lambda accepts at most {MAX_BYTES}.")
    write_archive(target, files)
    stamp.write_text(_stamp(inputs, target), "utf-8")
    return target


def _stamp(inputs: str, target: Path) -> str:
    return f"{inputs} {hashlib.sha256(target.read_bytes()).hexdigest()}\n"


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _installed(requirements: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        _pip_install(requirements, Path(folder))
        return {
            f"python/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in Path(folder).rglob("*")
            if path.is_file() and _belongs(path.relative_to(folder))
        }


def _belongs(path: Path) -> bool:
    if path.parts[0] == "bin" or "__pycache__" in path.parts:
        return False
    return not (path.parent.suffix == ".dist-info" and path.name in _LEFT_OUT)


def _pip_install(requirements: Path, folder: Path) -> None:
    version = RUNTIME.removeprefix("python")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--no-compile", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", version, "--target", str(folder)]
    for platform in _PLATFORMS:
        command += ["--platform", f"{platform}_{_MACHINE}"]
    command += ["--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no outside input
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        reason = errors[-1].removeprefix("ERROR:").strip() if errors else f"exit status {done.returncode}"
        raise BundleError(
            f"pip cannot install {requirements.name} for {RUNTIME} on {_MACHINE}: {reason.rstrip('.')}."
        )


def main() -> None:
    """Build every archive and say where it is and how large."""
    for path in (code_archive(), *(layer_archive(name) for name in LAYERS)):
        print(f"{path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")  # noqa: T201 - a command line


if __name__ == "__main__":
    try:
        main()
    except BundleError as error:
        sys.exit(str(error))
