"""A corpus of originals that say who made them: every field, in every place, notation and encoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from bench.metadata.originals import (
    ARTIST,
    BY_LINE,
    COPYRIGHT,
    CREDIT,
    FORMATS,
    NOTICE,
    dataset,
    packet,
    signed,
)

MARK = "59.3293N18.0686E"
"""What stands in every field that must not pass: places, serial numbers, owners, notes and previews."""

_NAME, _NOTICE, _CREDIT = "Zoë Ångström", "© 2026 Zoë Ångström & Söhne", "Agency <Nord>"
_STATEMENT, _LICENSOR = "https://example.com/licence?id=1&lang=sv", "https://example.com/buy"
_ENCODINGS = ("utf-8", "cp1252")
_WITH_IPTC = {"JPEG", "PNG", "TIFF"}
_XMP_FIELDS = {
    "dc:creator": _NAME,
    "dc:rights": _NOTICE,
    "photoshop:Credit": _CREDIT,
    "xmpRights:WebStatement": _STATEMENT,
    "plus:LicensorURL": _LICENSOR,
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """An original and the texts that its variants have to keep."""

    kind: str
    name: str
    data: bytes
    kept: tuple[str, ...]


def cases() -> Iterator[Case]:
    """The whole corpus."""
    image = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    for kind in FORMATS:
        for name, blocks, kept in _all(kind):
            yield Case(kind=kind, name=name, data=signed(kind, image, **_with_secrets(blocks)), kept=kept)


_Described = tuple[str, dict[str, Any], tuple[str, ...]]


def _all(kind: str) -> Iterator[_Described]:
    if kind != "GIF":
        yield from _exif()
    if kind in _WITH_IPTC:
        yield from _iptc()
    yield from _xmp()
    yield from _together()


def _exif() -> Iterator[_Described]:
    for tag, text in ((ARTIST, _NAME), (COPYRIGHT, _NOTICE)):
        for encoding in _ENCODINGS:
            for order in "<>":
                blocks = {"texts": {tag: text.encode(encoding) + b"\0"}, "order": order}
                yield f"EXIF {tag:#x} {encoding} {order}", blocks, (text,)


def _iptc() -> Iterator[_Described]:
    for number, text in ((BY_LINE, _NAME), (CREDIT, _CREDIT), (NOTICE, _NOTICE)):
        for encoding in _ENCODINGS:
            yield f"IPTC {number} {encoding}", {"iptc": dataset(number, text.encode(encoding))}, (text,)


def _xmp() -> Iterator[_Described]:
    for name, text in _XMP_FIELDS.items():
        for notation, (body, attributes) in _notations(name, _escaped(text)).items():
            for encoding in ("utf-8", "utf-16"):
                block = packet(body, attributes).decode().encode(encoding)
                yield f"XMP {name} {notation} {encoding}", {"xmp": block}, (text,)


def _together() -> Iterator[_Described]:
    """What a program for photographers writes: the same in all three places, and then all there is."""
    texts = {ARTIST: f"{_NAME}\0".encode(), COPYRIGHT: f"{_NOTICE}\0".encode()}
    iptc = dataset(BY_LINE, _NAME.encode()) + dataset(NOTICE, _NOTICE.encode())
    for names in (["dc:creator", "dc:rights"], list(_XMP_FIELDS)):
        body = "".join(_notations(name, _escaped(_XMP_FIELDS[name]))["element"][0] for name in names)
        kept = tuple(_XMP_FIELDS[name] for name in names)
        blocks = {"texts": texts, "xmp": packet(body), "iptc": iptc}
        yield f"all places, {len(names)} fields", blocks, kept


def _notations(name: str, text: str) -> dict[str, tuple[str, str]]:
    """Body and attributes of a description, by the name of the notation."""
    if name == "plus:LicensorURL":
        structure = f'<rdf:li rdf:parseType="Resource"><{name}>{text}</{name}></rdf:li>'
        return {
            "element": (f"<plus:Licensor><rdf:Seq>{structure}</rdf:Seq></plus:Licensor>", ""),
            "attribute": (f'<plus:Licensor><rdf:Seq><rdf:li {name}="{text}"/></rdf:Seq></plus:Licensor>', ""),
        }
    array = {"dc:creator": "Seq", "dc:rights": "Alt"}.get(name)
    language = ' xml:lang="x-default"' if array == "Alt" else ""
    inside = f"<rdf:{array}><rdf:li{language}>{text}</rdf:li></rdf:{array}>" if array else text
    return {"element": (f"<{name}>{inside}</{name}>", ""), "attribute": ("", f'{name}="{text}"')}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _with_secrets(blocks: dict[str, Any]) -> dict[str, Any]:
    """The same blocks, with the secret in every other field that they have room for."""
    secret = MARK.encode()
    hidden: dict[str, Any] = dict(blocks)
    if "texts" in blocks:
        hidden["texts"] = {**blocks["texts"], 0x010E: secret, 0x013C: secret, 0x9C9D: secret}
        hidden["details"] = {0x927C: secret, 0x9286: secret, 0xA430: secret, 0xA431: secret, 0xA435: secret}
        hidden["gps"] = {1: secret, 2: secret, 29: secret}
    if "iptc" in blocks:
        hidden["iptc"] += b"".join(dataset(number, secret) for number in (5, 25, 90, 92, 95, 100, 101, 120))
    if "xmp" in blocks:
        encoding = "utf-16" if blocks["xmp"][:2] == b"\xff\xfe" else "utf-8"
        text = blocks["xmp"].decode(encoding)
        attributes = " ".join(f'{name}="{MARK}"' for name in _MARKED_PROPERTIES)
        pantry = (
            "<xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description><dc:creator>"
            f"{MARK}</dc:creator></rdf:Description></rdf:li></rdf:Bag></xmpMM:Pantry>"
        )
        text = text.replace('rdf:about=""', f'rdf:about="" {attributes}')
        text = text.replace("</rdf:RDF>", f"<rdf:Description>{pantry}</rdf:Description></rdf:RDF>")
        hidden["xmp"] = text.encode(encoding)
    return hidden


_MARKED_PROPERTIES = (
    "exif:GPSLatitude", "exif:GPSLongitude", "aux:SerialNumber", "aux:LensSerialNumber", "aux:OwnerName",
    "photoshop:City", "photoshop:State", "photoshop:Country", "Iptc4xmpCore:Location", "xmpMM:DocumentID",
)  # fmt: skip
