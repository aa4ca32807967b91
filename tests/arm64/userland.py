"""A Debian userland for arm64 whose Python is 3.13, run by QEMU's user-mode emulation.

What is emulated is the processor; system calls go to this machine's kernel, which knows no filter for the
other processor: the sandbox runs without its filter of system calls here.
"""

import hashlib
import io
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.bundle import LAYERS, ROOT, code_archive, layer_archive
from components.bundle.dependencies import installed_files

PACKAGES = "qemu-user-static debootstrap debian-archive-keyring"
TOOLS = ("debootstrap", "dpkg-deb", "qemu-aarch64-static")
# What debootstrap checks the signature of Debian's archive with.
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_RELEASE = "trixie"
_AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
_CACHE = ROOT / ".local" / "arm64"


def missing() -> list[str]:
    """The programs and files that are not installed here."""
    lacking = [tool for tool in TOOLS if not shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin")]
    if not _KEYRING.exists():
        lacking.append(str(_KEYRING))
    # debootstrap is for root only.
    if _AS_ROOT and subprocess.run([*_AS_ROOT, "true"], capture_output=True, check=False).returncode:
        lacking.append("sudo without a password")
    return lacking


class Userland:
    """The userland in `root`, with the archives of each function unpacked beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.python = root.parent / "python3.13"
        # The render process starts its interpreter by its path: a script that this machine can execute.
        self.python.write_text(
            f'#!/bin/sh\nPYTHONHOME="{root}/usr" exec "{shutil.which("qemu-aarch64-static")}" -L "{root}" '
            f'-0 "{self.python}" "{root}/usr/bin/python3.13" "$@"\n'
        )
        self.python.chmod(self.python.stat().st_mode | stat.S_IXUSR)
        requirements = ROOT / "requirements" / "runtime.txt"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
        self.runtime = root.parent / f"runtime-{digest[:16]}"
        if not self.runtime.exists():
            unfinished = root.parent / "unfinished-runtime"
            shutil.rmtree(unfinished, ignore_errors=True)
            _write(installed_files(requirements), unfinished)
            unfinished.rename(self.runtime)

    def paths(self, function: str) -> list[str]:
        """The folders on the path of a function, in Lambda's order: its code, its layer, the runtime's."""
        folder = self.root.parent / function
        shutil.rmtree(folder, ignore_errors=True)
        layers = ((layer_archive(layer), "opt") for layer in LAYERS[function])
        for archive, name in ((code_archive(function), "task"), *layers):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(folder / name)
        return [str(folder / "task"), str(folder / "opt" / "python"), str(self.runtime / "python")]

    def start(
        self, arguments: Sequence[str], paths: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Start the userland's Python with `paths` to import from."""
        return subprocess.Popen(
            [str(self.python), *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths), **environment},
            cwd=paths[0],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def userland() -> Userland:
    """The userland, downloaded by its first use and kept below `.local`."""
    root = _CACHE / "root"
    if not root.exists():
        unfinished = _CACHE / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        command = ["debootstrap", "--foreign", "--arch=arm64", "--variant=minbase", "--include=python3"]
        # An archive whose signature cannot be checked is otherwise used with a warning.
        command += ["--force-check-gpg", f"--keyring={_KEYRING}"]
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        subprocess.run(
            [*_AS_ROOT, *command, _RELEASE, str(unfinished)],
            env=environment,
            timeout=300,
            check=True,
        )
        for package in sorted((unfinished / "var/cache/apt/archives").glob("*.deb")):
            subprocess.run([*_AS_ROOT, "dpkg-deb", "-x", package, unfinished], timeout=60, check=True)
        unfinished.rename(root)
    return Userland(root)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def libraries(archive: Path) -> dict[str, bytes]:
    """The shared libraries in an archive, by their names."""
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        return {name: opened.read(name) for name in opened.namelist() if ".so" in Path(name).name}
