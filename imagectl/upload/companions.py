"""What stands beside the pictures in the folder of a camera or of a RAW developer, by its extension."""

from typing import Final

REASON: Final = "It is a companion of photographs, not one of them."
"""Why a companion is not uploaded."""

# The service renders no RAW file, and a picture of the same shot is usually beside it.
_RAW: Final = (
    "3fr arq arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf "
    "srw x3f"
)
_VIDEO_AND_SOUND: Final = "3gp avi insv lrf lrv m2ts m4v mkv mov mp4 mpg mts wav"
# Edits, previews of videos, subtitles of drones, and the catalogues of memory cards.
_SIDECARS: Final = "aae cos ctg dop on1 pp3 srt thm xmp"
_EXTENSIONS: Final = frozenset(f"{_RAW} {_VIDEO_AND_SOUND} {_SIDECARS}".split())


def is_companion(name: str) -> bool:
    """Whether a file is a companion of photographs, by its name."""
    return extension_of(name) in _EXTENSIONS


def extension_of(name: str) -> str:
    """What stands behind the last dot of a name, in lower case."""
    return name.rpartition(".")[2].lower()
