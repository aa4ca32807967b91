"""Image files of other projects: the samples that exiftool and exiv2 are tested with, RAW files among them.

Downloaded once as Debian source packages, with apt's own signatures, and kept under .local/bench; nothing of
them is in this repository.
"""

import subprocess
import tarfile
from pathlib import Path

_PACKAGES = ("libimage-exiftool-perl=12.57+dfsg-1", "exiv2=0.27.6-1")
_SOURCES = "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} bookworm main\n"
CACHE = Path(__file__).parents[2] / ".local" / "bench" / "metadata"
RAW = {"arw", "cr2", "cr3", "crw", "dng", "iiq", "mrw", "nef", "orf", "pef", "raf", "rw2", "srw", "x3f"}
IMAGES = RAW | {"avif", "gif", "heic", "jpeg", "jpg", "png", "tif", "tiff", "webp"}


def files() -> list[Path]:
    """Every image file of the packages."""
    unpacked = CACHE / "unpacked"
    if not unpacked.exists():
        _download()
        unfinished = CACHE / "unfinished"
        for archive in CACHE.glob("*.orig.tar.*"):
            with tarfile.open(archive) as opened:
                opened.extractall(unfinished, filter="data")
        unfinished.rename(unpacked)
    return sorted(path for path in unpacked.rglob("*") if _extension(path) in IMAGES and path.is_file())


def is_raw(path: Path) -> bool:
    """Whether a file is a RAW file, by its name."""
    return _extension(path) in RAW


def _extension(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


def _download() -> None:
    """Fetch the packages from the machine's own mirror of Debian, which may have no source lists."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    sources = CACHE / "sources.list"
    sources.write_text(_SOURCES.format(mirror=_mirror()), "utf-8")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": CACHE / "lists",
        "Dir::Cache": CACHE / "cache",
    }
    command = ["apt-get", "--quiet", *(f"--option={name}={value}" for name, value in options.items())]
    for arguments in (["update"], ["source", "--download-only", *_PACKAGES]):
        subprocess.run([*command, *arguments], cwd=CACHE, check=True, stdout=subprocess.DEVNULL)


def _mirror() -> str:
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    uris = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(uri for uri in uris if uri.rstrip("/").endswith("/debian"))
