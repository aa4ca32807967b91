"""A camera's RAW file is rejected for what it is, and not rendered as its preview."""

import struct

import pytest
from PIL import Image

from bench.fuzz.originals import originals
from handlers.contract.rejections import RawNotSupported
from handlers.rendering import raw_files
from tests.unit.rendering.originals import SMALL, encoded, picture, rendered

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, ROWS, BYTES, SUB = (
    254, 256, 257, 258, 259, 262, 273, 277, 278, 279, 330,
)  # fmt: skip
PREVIEW = picture(160, 120).tobytes()


def tiff(main: dict[int, int], sub: dict[int, int] | None = None, after=None, order: str = "<") -> bytes:
    """A TIFF that shows its preview, with more tags; a directory below the first, and one after it."""
    tags = {WIDTH: 160, HEIGHT: 120, BITS: 8, COMPRESSION: 1, PHOTOMETRIC: 2, SAMPLES: 3, ROWS: 120}
    tags |= {BYTES: len(PREVIEW), STRIPS: 8} | main
    at = 8 + len(PREVIEW)
    size = 2 + 12 * (len(tags) + (sub is not None)) + 4
    behind = at + size
    if sub is not None:
        tags[SUB] = behind
    second = _directory(sub, order, 0) if sub is not None else b""
    following = behind + len(second) if after is not None else 0
    third = _directory(after, order, 0) if after is not None else b""
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return header + PREVIEW + _directory(tags, order, following) + second + third


def _directory(tags: dict[int, int], order: str, following: int) -> bytes:
    entries = b"".join(
        struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
        if tag in {BITS, COMPRESSION, PHOTOMETRIC, SAMPLES}
        else struct.pack(order + "HHII", tag, 4, 1, value)
        for tag, value in sorted(tags.items())
    )
    return struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following)


PICTURE = {COMPRESSION: 1, PHOTOMETRIC: 2}
RAW = {
    "NEF": tiff({SUBFILE: 1}, {SUBFILE: 0, COMPRESSION: 34713, PHOTOMETRIC: 32803}, order=">"),
    "NEF of a scanner": tiff({SUBFILE: 1}, {SUBFILE: 0, **PICTURE}, order=">"),
    "CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(400),
    "ARW": tiff({SUBFILE: 1, 50740: 5}, {COMPRESSION: 32767, PHOTOMETRIC: 32803}),
    "DNG with a preview first": tiff({SUBFILE: 1, 50706: 0x0401}, {COMPRESSION: 7, PHOTOMETRIC: 32803}),
    "DNG of which nothing but the version is known": tiff({50706: 0x0401}),
    "DNG of linear samples": tiff({50706: 0x0401, PHOTOMETRIC: 34892}),
    "PEF": tiff({COMPRESSION: 65535, PHOTOMETRIC: 32803}, order=">"),
    "SRW": tiff({}, {COMPRESSION: 32770, PHOTOMETRIC: 32803}),
    "raw samples in the next directory": tiff({}, after={COMPRESSION: 1, PHOTOMETRIC: 32803}),
    "IIQ": b"II*\0\x08\0\0\0IIII" + bytes(400),
    "ORF": b"IIRO\x08\0\0\0" + bytes(400),
    "RW2": b"IIU\0\x08\0\0\0" + bytes(400),
    "CRW": b"II\x1a\0\0\0HEAPCCDR" + bytes(400),
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(400),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(400),
    "X3F": b"FOVb\0\0\x03\0" + bytes(400),
    "MRW": b"\0MRM\0\0\0\0" + bytes(400),
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_file_has_a_reason_of_its_own(name):
    with pytest.raises(RawNotSupported):
        rendered(RAW[name])


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_preview_alone_would_be_an_image(order):
    assert rendered(tiff({}, order=order)).facts.width == 160


@pytest.mark.parametrize(
    "data",
    [
        tiff({}, {SUBFILE: 1, **PICTURE}),
        tiff({SUBFILE: 0}, {SUBFILE: 1, **PICTURE}, after={SUBFILE: 1, **PICTURE}),
        tiff({}, after={SUBFILE: 0, **PICTURE}),
        tiff({}, {SUB: 8, COMPRESSION: 1}),
        encoded(picture(), "TIFF", save_all=True, append_images=[picture(60, 40)]),
        encoded(Image.new("F", (20, 20)), "TIFF"),
    ],
    ids=["reduced below", "reduced after", "pages", "a circle", "two pages", "floats"],
)
def test_a_tiff_for_people_is_rendered(data):
    assert rendered(data).facts.format == "TIFF"


@pytest.mark.parametrize("kind", [*SMALL, *originals()])
def test_no_other_original_is_taken_for_a_raw_file(kind):
    for data in [SMALL[kind]] if kind in SMALL else originals()[kind]:
        assert raw_files.kind_of(data) is None


def test_a_raw_file_that_is_cut_off_is_read_as_far_as_it_goes():
    for name, data in RAW.items():
        for length in range(0, len(data), max(1, len(data) // 300)):
            assert raw_files.kind_of(data[:length]) in {None, "DNG", "TIFF", name}
