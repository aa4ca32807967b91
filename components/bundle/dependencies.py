"""Pinned dependencies as the files that a Lambda layer holds."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from components.bundle.errors import BundleError

RUNTIME: Final = "python3.13"
ARCHITECTURE: Final = "arm64"
_MACHINE: Final = "aarch64"

# The runtime's Amazon Linux 2023 has glibc 2.34; wheels for any older one run there too.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_GLIBC: Final = ("2_34", "2_28", "2_27", "2_17")
_PLATFORMS: Final = (*(f"manylinux_{glibc}_{_MACHINE}" for glibc in _GLIBC), f"manylinux2014_{_MACHINE}")

TARGET: Final = " ".join((RUNTIME, *_PLATFORMS))
"""What the files depend on beside the requirements."""

# What pip writes about the installation itself.
_LEFT_OUT: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def installed_files(requirements: Path) -> dict[str, bytes]:
    """The files of all `requirements`: name in the layer → contents.

    They are ordinary wheels for the runtime, so that no compiler and no Docker is needed, and
    every one matches its pinned hash. Raises BundleError with what pip says if one cannot be had.
    """
    with tempfile.TemporaryDirectory() as folder:
        _pip_install(requirements, folder)
        return {
            f"python/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in Path(folder).rglob("*")
            if path.is_file() and _belongs(path.relative_to(folder))
        }


def _belongs(path: Path) -> bool:
    # Scripts start with the path of the Python that installed them.
    if path.parts[0] == "bin" or "__pycache__" in path.parts:
        return False
    return not (path.parent.suffix == ".dist-info" and path.name in _LEFT_OUT)


def _pip_install(requirements: Path, folder: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--no-compile", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", RUNTIME.removeprefix("python")]
    for platform in _PLATFORMS:
        command += ["--platform", platform]
    command += ["--target", folder, "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        errors = [line.removeprefix("ERROR:").strip() for line in said if line.startswith("ERROR:")]
        reason = (errors or said)[-1].rstrip(".")
        raise BundleError(
            f"pip cannot install {requirements.name} for {RUNTIME} on {_MACHINE}: {reason}; layers are built "
            f"once, for which `{sys.executable} -m components.bundle` in {requirements.parents[1]} needs a "
            "package index, and deployments then need none."
        )
