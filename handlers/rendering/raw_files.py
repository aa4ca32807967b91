"""RAW files of cameras, by their bytes: samples of a sensor, which have to be developed to be a picture.

Most are TIFFs whose first directory is a preview of some 160 by 120 pixels, so a reader of TIFF sees a
small picture in them. Headers and the numbers of tags and compressions:
https://exiftool.org/TagNames/EXIF.html and, for the kinds that have a header of their own,
https://github.com/LibRaw/LibRaw/blob/master/src/metadata/identify.cpp
"""

import re
from collections.abc import Iterator
from typing import Final

from handlers.rendering.metadata.tiff_directory import Directory, directory_at, first_directory

_HEADERS: Final = {
    "CR2": re.compile(rb"II\*\0.{4}CR", re.DOTALL),
    "IIQ": re.compile(rb"II\*\0.{4}IIII|MM\0\*.{4}MMMM", re.DOTALL),
    "ORF": re.compile(rb"IIR[OS]|MMOR"),
    "RW2": re.compile(rb"IIU\0"),
    "CRW": re.compile(rb"II.{4}HEAPCCDR", re.DOTALL),
    "CR3": re.compile(rb".{4}ftypcrx ", re.DOTALL),
    "RAF": re.compile(rb"FUJIFILMCCD-RAW"),
    "X3F": re.compile(rb"FOVb"),
    "MRW": re.compile(rb"\0MRM"),
}

_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _SUB_DIRECTORIES = 254, 259, 262, 330
_DNG_VERSION, _DNG_PRIVATE = 50706, 50740
_REDUCED: Final = 1
# A colour filter array (TIFF/EP, ISO 12234-2) in two layouts, and linear samples (DNG 1.6, chapter 4).
_SENSOR_SAMPLES: Final = {32803, 32892, 34892}
# Of Kodak, Sony, Epson, Samsung, Panasonic, Nikon, Kodak and Pentax. No TIFF for people is written with them.
_SENSOR_COMPRESSIONS: Final = {262, 32767, 32769, 32770, 34316, 34713, 34826, 34828, 34830, 65000, 65535}
_MAX_DIRECTORIES: Final = 16


def kind_of(data: bytes) -> str | None:
    """The kind of RAW file that the bytes are; None if they are another file."""
    for kind, header in _HEADERS.items():
        if header.match(data):
            return kind
    main = first_directory(data) if data[2:4] in {b"*\0", b"\0*"} else None
    if main is None:
        return None
    if _DNG_VERSION in main.entries:  # which every DNG has, and in its first directory (DNG 1.6, chapter 4)
        return "DNG"
    return "TIFF" if _DNG_PRIVATE in main.entries or any(map(_is_raw, _directories(main))) else None


def _is_raw(directory: Directory) -> bool:
    """Whether the picture of a directory is samples of a sensor, or a preview of another directory's."""
    photometric, compression, subfile = (
        directory.integers(tag, 1) for tag in (_PHOTOMETRIC, _COMPRESSION, _SUBFILE_TYPE)
    )
    if not _SENSOR_SAMPLES.isdisjoint(photometric) or not _SENSOR_COMPRESSIONS.isdisjoint(compression):
        return True
    reduced = bool(subfile and subfile[0] & _REDUCED)
    return reduced and _SUB_DIRECTORIES in directory.entries


def _directories(main: Directory) -> Iterator[Directory]:
    """A directory, those that follow it and those below each, as many as any RAW file has."""
    left, seen = [main], 0
    while left and seen < _MAX_DIRECTORIES:
        directory = left.pop(0)
        seen += 1
        yield directory
        offsets = (*directory.integers(_SUB_DIRECTORIES, _MAX_DIRECTORIES), directory.following)
        found = (directory_at(main.block, main.order, at) for at in offsets if at)
        left += [each for each in found if each][: _MAX_DIRECTORIES - seen]
