"""The photographs, from Debian packages, and what is derived from them.

Downloaded once, with apt's own signatures, and kept under .local/bench; nothing of them is in
this repository. Photographers are in the file names; each package's copyright file gives the
licences: CC BY 4.0, CC BY-SA 3.0 and 4.0, CC0 (lomiri-wallpapers-16.04 and -20.04), CC BY-SA 4.0
and GPL 2 or later (mate-backgrounds).
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bench.render.display_p3 import display_p3

PACKAGES = ("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "mate-backgrounds")
ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".local" / "bench"
BACKGROUNDS = CACHE / "usr" / "share" / "backgrounds"

DRAGONFLY = "Dragonfly_by_Bolly.jpg"
ELEPHANTS = "mate/abstract/Elephants_5640x3172.jpg"
SEEDING = "seeding_by_Clements_Engelhardt.jpg"
SEA = "Infinite-Sea_by_Aury88.jpg"
KLEIBER = "Kleiber_by_Lukas_Baubkus.jpg"
PAINTING = "Painting-Colors_by__herobrine7gamer.jpg"
SUNSET = "sunset_by_Aitzol_Berasategi.jpg"
WINE = "Wine_by_Jakkub_Mede.jpg"

LANDSCAPE, PORTRAIT, LARGE = (4032, 3024), (3024, 4032), (6000, 4000)


def photographs() -> list[Path]:
    """The set, derived on first use: 12 and 24 megapixels, every input format that matters."""
    made = CACHE / "photographs"
    if not BACKGROUNDS.exists():
        _download()
    made.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in _SET.items():
        path = made / name
        if not path.exists():
            unfinished = path.with_suffix(".part")
            make(unfinished)
            unfinished.rename(path)
        paths.append(path)
    return paths


def _download() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", *PACKAGES], cwd=CACHE, check=True)
    for package in PACKAGES:
        (archive,) = CACHE.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, CACHE], check=True)


def _as_it_is(source: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes((BACKGROUNDS / source).read_bytes())


def _framed(source: str, size: tuple[int, int], kind: str, **options: object) -> Callable[[Path], None]:
    """The largest middle of a photograph with the sides of `size`, resized to it."""

    def make(path: Path) -> None:
        with Image.open(BACKGROUNDS / source) as photograph:
            scale = min(photograph.width / size[0], photograph.height / size[1])
            width, height = size[0] * scale, size[1] * scale
            left, top = max(0, photograph.width - width) / 2, max(0, photograph.height - height) / 2
            box = (left, top, left + width, top + height)
            framed = photograph.convert("RGB").resize(size, Image.Resampling.LANCZOS, box)
        if options.get("exif"):
            framed = framed.transpose(Image.Transpose.ROTATE_90)
        framed.save(path, kind, **options)

    return make


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


_SET = {
    "dragonfly-12mp.jpg": _framed(DRAGONFLY, LANDSCAPE, "JPEG", quality=92),
    "elephants-12mp.jpg": _framed(ELEPHANTS, LANDSCAPE, "JPEG", quality=92),
    "seeding-12mp.jpg": _framed(SEEDING, LANDSCAPE, "JPEG", quality=92),
    "sea-12mp.jpg": _framed(SEA, LANDSCAPE, "JPEG", quality=92),
    "kleiber-24mp.jpg": _framed(KLEIBER, LARGE, "JPEG", quality=92),
    "painting-24mp.jpg": _as_it_is(PAINTING),
    "sunset-12mp-progressive.jpg": _as_it_is(SUNSET),
    "wine-12mp-p3-turned.jpg": _framed(
        WINE, PORTRAIT, "JPEG", quality=92, icc_profile=display_p3(), exif=_turned()
    ),
    "dragonfly-12mp.png": _framed(DRAGONFLY, LANDSCAPE, "PNG"),
    "seeding-12mp.png": _framed(SEEDING, LANDSCAPE, "PNG"),
    "elephants-12mp.webp": _framed(ELEPHANTS, LANDSCAPE, "WEBP", quality=85),
    "kleiber-12mp.webp": _framed(KLEIBER, LANDSCAPE, "WEBP", quality=85),
}
