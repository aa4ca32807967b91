"""Variants say who made the picture and what it is licensed under, and nothing else of its metadata."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.metadata.cases import MARK, cases
from bench.metadata.originals import (
    ARTIST,
    BY_LINE,
    COPYRIGHT,
    CREDIT,
    FORMATS,
    NAMESPACES,
    NOTICE,
    dataset,
    packet,
    resource,
    signed,
)
from bench.metadata.packets import packet_of, said_by
from handlers.contract.presets import parse_presets, preset_hash
from handlers.rendering.metadata import iptc, xmp
from handlers.rendering.metadata.rights import Rights
from handlers.rendering.metadata.text import one_line
from handlers.rendering.render import render
from tests.unit.rendering.originals import LIMITS, encoded, jpeg_segment, jpeg_with, picture

OUTPUTS = ("jpeg", "webp", "avif", "png")
LINES = ("thumbnail 128x128 cover jpeg", *(f"{kind} 256x256 contain {kind}" for kind in OUTPUTS))
PICTURE = picture(120, 90)
CREATOR = "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>"


def variants(data: bytes, metadata: str = "rights") -> dict[str, bytes]:
    result = render(data, parse_presets(LINES, metadata), LIMITS)
    return {name: variant.data for name, variant in result.variants.items()}


def said(data: bytes) -> dict[str, list[str]]:
    return said_by(variants(data)["webp"])


def said_of(**blocks) -> dict[str, list[str]]:
    return said(signed("JPEG", PICTURE, **blocks))


FULL = {
    "texts": {ARTIST: b"Jane Doe\0", COPYRIGHT: "© 2026 Jane Doe".encode() + b"\0"},
    "iptc": dataset(CREDIT, b"Doe & Sons"),
    "xmp": packet(
        '<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource"><plus:LicensorURL>https://example.com/buy'
        "</plus:LicensorURL></rdf:li></rdf:Seq></plus:Licensor>",
        'xmpRights:WebStatement="https://example.com/licence?a=1&amp;b=2"',
    ),
}
SAID = {
    "creator": ["Jane Doe"],
    "rights": ["© 2026 Jane Doe"],
    "Credit": ["Doe & Sons"],
    "WebStatement": ["https://example.com/licence?a=1&b=2"],
    "LicensorURL": ["https://example.com/buy"],
}


def test_every_output_format_keeps_author_and_licence():
    made = variants(signed("JPEG", PICTURE, **FULL))
    assert {kind: said_by(made[kind]) for kind in OUTPUTS} == dict.fromkeys(OUTPUTS, SAID)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_input_format_is_read_for_what_it_can_hold(kind, order):
    expected = dict(SAID)
    if kind == "GIF":
        del expected["creator"], expected["rights"]
    if kind in {"GIF", "WEBP", "AVIF", "HEIF"}:
        del expected["Credit"]
    assert said(signed(kind, PICTURE, order=order, **FULL)) == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_every_field_is_kept_in_every_place_notation_and_encoding_and_nothing_beside_it(kind):
    for case in (each for each in cases() if each.kind == kind):
        made = variants(case.data)
        assert not any(MARK.encode() in variant for variant in made.values()), case.name
        kept = " ".join(text for texts in said_by(made["webp"]).values() for text in texts)
        assert all(text in kept for text in case.kept), case.name


def test_a_variant_below_256_pixels_stays_bare():
    made = render(
        signed("JPEG", picture(800, 600), **FULL),
        parse_presets(
            [
                "thumbnail 128x128 cover jpeg",
                "a 255x255 fill webp",
                "b 256x20 contain webp",
                "c 20x256 contain png",
            ]
        ),
        LIMITS,
    ).variants
    assert [name for name, variant in made.items() if packet_of(variant.data)] == ["b", "c"]


def test_none_keeps_nothing_and_is_another_set_of_presets():
    made = variants(signed("JPEG", PICTURE, **FULL), "none")
    assert not any(map(packet_of, made.values()))
    assert made == variants(signed("JPEG", PICTURE))
    assert preset_hash(parse_presets(LINES, "none")) != preset_hash(parse_presets(LINES))


def test_the_setting_makes_no_difference_to_presets_that_stay_bare():
    assert preset_hash(parse_presets(LINES[:1], "none")) == preset_hash(parse_presets(LINES[:1]))


def test_an_original_that_says_nothing_has_the_variants_it_would_have_without_metadata():
    assert variants(signed("JPEG", PICTURE)) == variants(signed("JPEG", PICTURE), "none")


def test_author_and_notice_take_less_than_400_bytes_in_the_formats_of_the_default_presets():
    data = signed("JPEG", PICTURE, texts=FULL["texts"])
    kept, bare = variants(data), variants(data, "none")
    assert all(20 < len(kept[kind]) - len(bare[kind]) <= 400 for kind in ("jpeg", "webp", "png"))


SECRET = b"59.3293N18.0686E"


def test_nothing_else_passes():
    secret = SECRET.decode()
    history = f'<xmpMM:Pantry><rdf:Bag><rdf:li rdf:parseType="Resource"><dc:creator>{secret}</dc:creator>'
    history += f"<dc:rights>{secret}</dc:rights></rdf:li></rdf:Bag></xmpMM:Pantry>"
    nested = f"<xmpMM:DerivedFrom><rdf:Description><dc:creator>{secret}</dc:creator></rdf:Description>"
    data = signed(
        "JPEG",
        PICTURE,
        texts={0x010E: SECRET, 0x9C9D: SECRET, 0x013C: SECRET, **FULL["texts"]},
        details={0xA430: SECRET, 0xA431: SECRET, 0x927C: SECRET, 0x9286: SECRET},
        gps={29: SECRET},
        iptc=b"".join(dataset(number, SECRET) for number in (90, 92, 95, 101, 120, 122)),
        xmp=packet(
            history + nested + "</xmpMM:DerivedFrom>" + CREATOR.format("Jane Doe"),
            f'exif:GPSLatitude="{secret}" aux:SerialNumber="{secret}" aux:OwnerName="{secret}" '
            f'photoshop:City="{secret}" Iptc4xmpCore:Location="{secret}"',
        ),
    )
    assert data.count(SECRET) == 22
    for variant in variants(data).values():
        assert SECRET not in variant
        assert b"Exif" not in variant
    assert said(data) == {"creator": ["Jane Doe"], "rights": ["© 2026 Jane Doe"]}


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        (CREATOR.format("A"), ""),
        ("<dc:creator><rdf:Bag><rdf:li>A</rdf:li></rdf:Bag></dc:creator>", ""),
        ("<dc:creator>A</dc:creator>", ""),
        ("<dc:creator>  A\n</dc:creator>", ""),
        ("<dc:creator><![CDATA[A]]></dc:creator>", ""),
        ("<dc:creator>&#65;</dc:creator>", ""),
        (f'<own:creator xmlns:own="{NAMESPACES["dc"]}">A</own:creator>', ""),
        (f'<creator xmlns="{NAMESPACES["dc"]}">A</creator>', ""),
        ("", 'dc:creator="A"'),
        ('</rdf:Description><rdf:Description rdf:about="" dc:creator="A">', ""),
        (
            '<dc:x xmlns:dc="urn:y"><dc:creator>B</dc:creator></dc:x><dc:creator>A</dc:creator>',
            "",
        ),
    ],
)
def test_xmp_is_read_in_each_of_its_notations(body, attributes):
    assert xmp.read(packet(body, attributes)).creators == ("A",)


@pytest.mark.parametrize(
    "body",
    [
        '<plus:Licensor><rdf:Seq><rdf:li plus:LicensorURL="http://a.b"/></rdf:Seq></plus:Licensor>',
        (
            "<plus:Licensor><rdf:Bag><rdf:li><rdf:Description><plus:LicensorName>x</plus:LicensorName>"
            "<plus:LicensorURL>http://a.b</plus:LicensorURL></rdf:Description></rdf:li></rdf:Bag>"
            "</plus:Licensor>"
        ),
        (
            '<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource">'
            '<plus:LicensorURL rdf:resource="http://a.b"/></rdf:li></rdf:Seq></plus:Licensor>'
        ),
        '<plus:Licensor rdf:parseType="Resource"><plus:LicensorURL>http://a.b</plus:LicensorURL></plus:Licensor>',
        "<plus:LicensorURL>http://a.b</plus:LicensorURL>",
    ],
)
def test_the_licensor_is_read_in_each_of_its_notations(body):
    assert xmp.read(packet(body)) == Rights(licensor_url="http://a.b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("marked", [True, False])
def test_xmp_is_read_in_each_encoding(encoding, marked):
    text = packet(CREATOR.format("Zoë Ångström")).decode().replace("\ufeff", "")
    body = ("\ufeff" + text if marked and encoding != "cp1252" else text).encode(encoding)
    assert xmp.read(body).creators == ("Zoë Ångström",)


def test_of_a_notice_in_several_languages_the_default_is_kept():
    alternatives = '<rdf:li xml:lang="x-default">© Jane</rdf:li><rdf:li xml:lang="de">© Hanna</rdf:li>'
    assert said_of(xmp=packet(f"<dc:rights><rdf:Alt>{alternatives}</rdf:Alt></dc:rights>"))["rights"] == [
        "© Jane"
    ]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Zoe", "Zoe"),
        ("Zoë 雪".encode(), "Zoë 雪"),
        ("Zoë".encode("cp1252"), "Zoë"),
        ("José".encode("cp1252"), "José"),
        ("Zoë 雪".encode()[:-1], "Zoë"),
        (b"Zoe\0", "Zoe"),
        (b"  Zoe \x07 Doe  ", "Zoe   Doe"),
        ("a\u202eb\u2028c".encode(), "a b c"),
    ],
)
def test_exif_and_iptc_are_read_in_each_encoding_as_one_line(raw, text):
    assert said_of(texts={ARTIST: raw}) == {"creator": [text]}
    assert said_of(iptc=dataset(BY_LINE, raw)) == {"creator": [text]}


def test_the_copyright_of_photographer_and_editor_are_both_kept():
    assert said_of(texts={COPYRIGHT: b"Jane, 2026\0Sons, 2026\0"})["rights"] == ["Jane, 2026; Sons, 2026"]
    assert said_of(texts={COPYRIGHT: b" \0Sons, 2026\0"})["rights"] == ["Sons, 2026"]


def test_what_three_places_say_is_kept_once():
    by_line = "Maximiliane Mustermann-Schmidt von Hohenfels"
    kept = said_of(
        texts={ARTIST: f"{by_line}; Bo\0".encode(), COPYRIGHT: b"(c) Jane\0"},
        iptc=dataset(BY_LINE, by_line[:32].encode()) + dataset(NOTICE, b"(c) Jane"),
        xmp=packet(
            f"<dc:creator><rdf:Seq><rdf:li>{by_line}</rdf:li></rdf:Seq></dc:creator><dc:rights><rdf:Alt>"
            '<rdf:li xml:lang="x-default">(c) Jane, all rights reserved</rdf:li></rdf:Alt></dc:rights>'
        ),
    )
    assert kept == {"creator": [by_line, "Bo"], "rights": ["(c) Jane, all rights reserved"]}


def test_what_three_places_say_differently_is_all_kept():
    kept = said_of(
        texts={ARTIST: b"A\0", COPYRIGHT: b"(c) A\0"},
        iptc=dataset(BY_LINE, b"B") + dataset(BY_LINE, b"C") + dataset(NOTICE, b"(c) B"),
        xmp=packet(CREATOR.format("D")),
    )
    assert kept == {"creator": ["D", "A", "B", "C"], "rights": ["(c) B; (c) A"]}


@pytest.mark.parametrize("signature", [b"8BIM", b"PHUT", b"DCSR", b"AgHg"])
def test_iptc_is_found_among_resources_and_in_several_of_them(signature):
    block = (
        resource(1036, b"thumbnail", signature=signature)
        + resource(1028, dataset(BY_LINE, b"A"), signature=signature)
        + resource(1028, b"", name=b"even", signature=signature)
        + resource(1028, dataset(CREDIT, b"B"), name=b"odd", signature=signature)
    )
    assert iptc.read(block) == iptc.Iptc(by_lines=("A",), credit="B")


def test_iptc_that_is_spread_over_segments_is_read():
    block = resource(1028, dataset(BY_LINE, b"Jane Doe"))
    parts = [jpeg_segment(0xED, b"Photoshop 3.0\0" + part) for part in (block[:9], block[9:])]
    assert said(jpeg_with(encoded(PICTURE, "JPEG"), *parts)) == {"creator": ["Jane Doe"]}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "http://a b", "file:x"]
)
def test_a_url_that_is_none_to_follow_is_left_out(url):
    assert said_of(xmp=packet("", f'xmpRights:WebStatement="{url}"')) == {}


@pytest.mark.parametrize("url", ["https://a.b/c", "HTTP://a.b", "www.example.com/licence", "//a.b"])
def test_a_url_to_follow_is_kept_as_it_is(url):
    assert said_of(xmp=packet("", f'xmpRights:WebStatement="{url}"')) == {"WebStatement": [url]}


@pytest.mark.parametrize("text", ["x" * 100_000, "é" * 50_000, "雪" * 30_000, "𝄞" * 9_000, '&<"' * 9_000])
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_variant_has_at_most_2_kib_of_metadata_cut_at_a_character(text, output):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    body = CREATOR.format(escaped) + f"<dc:rights>{escaped}</dc:rights>"
    data = signed(
        "PNG", PICTURE, xmp=packet(body, f'photoshop:Credit="{escaped}"'), iptc=dataset(CREDIT, b"x")
    )
    kept, bare = variants(data)[output], variants(data, "none")[output]
    assert 1_500 < len(kept) - len(bare) <= 2_048
    for texts in said_by(kept).values():
        assert all(text.startswith(each) for each in texts)


def test_a_url_is_left_out_rather_than_cut():
    long = "https://example.com/" + "x" * 3_000
    kept = said_of(xmp=packet(CREATOR.format("Jane"), f'xmpRights:WebStatement="{long}"'))
    assert kept == {"creator": ["Jane"]}
    assert said_of(xmp=packet("", f'xmpRights:WebStatement="{long}"')) == {}


_LINES = st.text(max_size=3_000).map(one_line)


@given(st.lists(_LINES.filter(bool), max_size=9).map(tuple), _LINES, _LINES, _LINES, _LINES)
def test_whatever_is_said_is_written_well_formed_and_read_back(creators, notice, credit, statement, licensor):
    rights = Rights(
        creators=creators, notice=notice, credit=credit, web_statement=statement, licensor_url=licensor
    )
    written = xmp.write(rights)
    assert len(written) <= xmp.MAX_PACKET_BYTES
    read = xmp.read(written)
    for name in ("notice", "credit"):
        assert getattr(rights, name).startswith(getattr(read, name))
        assert bool(getattr(rights, name)) == bool(getattr(read, name))
    assert len(read.creators) == min(len(creators), xmp.MAX_CREATORS)


def test_metadata_changes_no_pixel():
    data = signed("JPEG", PICTURE, **FULL)
    for kind, kept in variants(data).items():
        bare = variants(data, "none")[kind]
        assert Image.open(io.BytesIO(kept)).tobytes() == Image.open(io.BytesIO(bare)).tobytes()
