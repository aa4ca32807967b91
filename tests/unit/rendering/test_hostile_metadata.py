"""Hostile metadata is bounded, expands nothing, and never costs a good picture its variants."""

import random
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.mutations import mutated
from bench.metadata.originals import (
    ARTIST,
    BY_LINE,
    COPYRIGHT,
    FORMATS,
    TAKEN,
    dataset,
    exif_block,
    packet,
    resource,
    signed,
)
from bench.metadata.packets import said_by
from handlers.contract.presets import parse_presets
from handlers.contract.rejections import ImageRejected
from handlers.rendering import render as rendering
from handlers.rendering.metadata import exif, iptc, xmp
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.metadata.read import read
from handlers.rendering.metadata.rights import NO_RIGHTS
from tests.unit.rendering.originals import LIMITS, picture, rendered

PICTURE = picture(40, 30)
NAME = "Jane Doe"
CREATOR = f"<dc:creator><rdf:Seq><rdf:li>{NAME}</rdf:li></rdf:Seq></dc:creator>"
PACKET = packet(CREATOR)
LAUGHS = b"<!DOCTYPE x [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (at, b"&a%d;" % (at - 1) * 10) for at in range(1, 12)
)

PACKETS: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(70_000),
    "no XML": b"\xff\xd8\xff" * 1_000,
    "the end only": b"</x>",
    "billion laughs": LAUGHS + b"]>" + packet("<dc:rights>&a11;</dc:rights>"),
    "a single small entity": b"<!DOCTYPE x [<!ENTITY e 'ha'>]>" + packet("<dc:rights>&e;</dc:rights>"),
    "an external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + packet("<dc:rights>&e;</dc:rights>"),
    "an external subset": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'
    + packet("<dc:rights>&e;</dc:rights>"),
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]><x/>',
    "an entity that is not declared": packet("<dc:rights>&e;</dc:rights>"),
    "a reference to NUL": packet("<dc:rights>&#0;</dc:rights>"),
    "deep": packet("<a>" * 200_000),
    "an unknown encoding": b'<?xml version="1.0" encoding="EBCDIC-CP-ES"?>\xff' * 2,
    "a prefix that is not declared": b"<a:b><c:d/></a:b>",
    "UTF-16 of one byte": b"\xff\xfe<",
    "surrogates": "\ufeff".encode("utf-16-le") + b"\x00\xd8" * 1_000,
    "another RDF": b'<r:RDF xmlns:r="urn:r"><r:Description/></r:RDF>',
    "RDF in RDF": packet("<rdf:RDF><rdf:Description dc:creator='x'/></rdf:RDF>"),
}


@pytest.mark.parametrize("name", PACKETS)
def test_a_hostile_packet_says_nothing(name):
    assert xmp.read(PACKETS[name]) == NO_RIGHTS


@pytest.mark.parametrize(
    "tail", [b"<a", b"</b>", b"&e;", b"<dc:x></dc:y>", b"\0", b"\xff\xfe", b"<!DOCTYPE x>"]
)
def test_what_stands_before_the_damage_is_kept(tail):
    whole = PACKET.replace(CREATOR.encode(), CREATOR.encode() + tail)
    assert xmp.read(whole).creators == (NAME,)


def test_a_packet_is_read_for_a_mebibyte():
    filling = "<dc:x/>" * 150_000
    assert xmp.read(packet(filling[: 148_000 * 7] + CREATOR)).creators == (NAME,)
    assert xmp.read(packet(filling + CREATOR * 2)) == NO_RIGHTS
    assert xmp.read(packet(CREATOR + "é" * 2_000_000)).creators == (NAME,)


@pytest.mark.parametrize(
    "block",
    [
        b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08", b"XX*\0\x08\0\0\0" + bytes(40),
        b"II*\0\x08\0\0\0\xff\xff" + bytes(60),
        b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", ARTIST, 2, 1 << 31, 1 << 31) + bytes(4),
        b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
        b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8769, 4, 1 << 30, 8) + bytes(4),
        b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", ARTIST, 5, 1, 8) + bytes(4),
        b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", ARTIST, 3, 1, 65) + bytes(4),
    ],
)  # fmt: skip
def test_hostile_exif_says_nothing(block):
    assert exif.read(block) == exif.Exif()


@pytest.mark.parametrize(
    "block",
    [
        b"", b"\x1c", b"\x1c\2\x50", dataset(BY_LINE, b"x" * 9)[:-1],
        b"\x1c\2\x50\x80\x04\xff\xff\xff\xff" + b"x" * 50, b"\x1c\2\x50\xff\xff" + b"\xff" * 50,
        b"8BIM", b"8BIM\x04\x04\xff", b"8BIM\x04\x04\0\0\xff\xff\xff\xff",
        resource(1028, b"")[:-1], resource(1028, dataset(BY_LINE, b"")),
    ],
)  # fmt: skip
def test_hostile_iptc_says_nothing(block):
    assert iptc.read(block) == iptc.Iptc()


def test_iptc_with_a_length_of_its_length_is_read():
    assert iptc.read(b"\x1c\2\x50\x80\x04\0\0\0\x08Jane Doe").by_lines == (NAME,)


_BLOCKS: tuple[bytes, ...] = (
    PACKET,
    exif_block({ARTIST: b"Jane Doe\0", COPYRIGHT: b"(c)\0x\0"}, {TAKEN: b"2024:05:06 07:08:09\0"}),
    resource(1028, dataset(BY_LINE, b"Jane Doe")),
    dataset(BY_LINE, b"Jane Doe"),
)


@given(
    st.sampled_from(_BLOCKS) | st.binary(max_size=300),
    st.lists(st.tuples(st.integers(0, 2_000), st.binary(min_size=1, max_size=4)), max_size=8),
    st.integers(0, 2_000),
)
def test_no_block_makes_a_reader_raise(block, edits, length):
    damaged = bytearray(block)
    for place, new in edits:
        at = place % (len(damaged) + 1)
        damaged[at : at + len(new)] = new
    for data in (bytes(damaged), bytes(damaged[:length])):
        found = read(MetadataBlocks(exif=data, xmp=data, iptc=data))
        assert len(xmp.write(found.rights)) <= xmp.MAX_PACKET_BYTES


@pytest.mark.parametrize("kind", FORMATS)
def test_a_good_picture_with_hostile_metadata_is_rendered(kind):
    for hostile in PACKETS.values():
        data = signed(
            kind, PICTURE, xmp=hostile[:60_000], iptc=hostile[:30_000], texts={ARTIST: hostile[:20_000]}
        )
        assert rendered(data).facts.width == 40


def test_a_good_picture_is_rendered_even_if_a_reader_of_metadata_fails(monkeypatch):
    def fail(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rendering, "read_metadata", fail)
    result = rendered(signed("JPEG", PICTURE, xmp=PACKET), "a 300x300 contain webp")
    assert said_by(result.variants["a"].data) == {}


@pytest.mark.parametrize("seed", range(40))
def test_mutated_originals_never_meet_that_exception(seed, monkeypatch):
    """The renderer would go on; here it must not have to."""
    monkeypatch.setattr(rendering, "_metadata", read)
    chance = random.Random(f"metadata {seed}")
    presets = parse_presets(["thumbnail 256x256 contain jpeg"])
    for _ in range(10):
        try:
            rendering.render(mutated(chance)[1], presets, LIMITS)
        except ImageRejected:
            continue
