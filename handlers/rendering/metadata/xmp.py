"""XMP: the author and the licence in a packet, read and written (ISO 16684-1).

Properties: Dublin Core and `xmpRights` in the XMP specification, part 1, chapter 8
(https://developer.adobe.com/xmp/docs/xmp-namespaces/); `photoshop:Credit`, `plus:Licensor` and which of
them say the same as EXIF and IPTC in the IPTC Photo Metadata Standard
(https://www.iptc.org/std/photometadata/specification/IPTC-PhotoMetadata).
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.parsers import expat

from handlers.rendering.metadata.rights import Rights
from handlers.rendering.metadata.text import MAX_CHARACTERS, one_line

MAX_PACKET_BYTES: Final = 1920
"""The longest packet that is written: 2 KiB less what any of the formats needs to hold it."""

MAX_CREATORS: Final = 8
_MAX_READ_BYTES: Final = 1 << 20
_STEP_BYTES: Final = 64

_NAMESPACES: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_PREFIXES: Final = {uri: prefix for prefix, uri in _NAMESPACES.items()}
_CREATOR, _NOTICE, _CREDIT = "dc:creator", "dc:rights", "photoshop:Credit"
_WEB_STATEMENT, _LICENSOR, _LICENSOR_URL = "xmpRights:WebStatement", "plus:Licensor", "plus:LicensorURL"
# Texts, or arrays of them; some programs write the URL outside of its structure.
_TEXTS: Final = {_CREATOR, _NOTICE, _CREDIT, _WEB_STATEMENT, _LICENSOR_URL}
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE | re.ASCII)
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;"})


def read(packet: bytes) -> Rights:
    """Read the rights in a packet, as far as it is well-formed. What is damaged or absent is left empty.

    Nothing behind a document type is read: no XMP has one, and only there can entities be declared.
    """
    reader = _Reader()
    reader.parse(_as_utf8(packet))
    found = reader.found
    creators = [text for each in found.get(_CREATOR, ()) if (text := one_line(each))]
    return Rights(
        creators=tuple(creators[:MAX_CREATORS]),
        notice=_first(found, _NOTICE),
        credit=_first(found, _CREDIT),
        web_statement=_url(_first(found, _WEB_STATEMENT)),
        licensor_url=_url(_first(found, _LICENSOR_URL)),
    )


def write(rights: Rights) -> bytes:
    """The shortest packet that says all of the rights; empty for none.

    Texts are cut at characters where it would exceed MAX_PACKET_BYTES, all to the same number of bytes; a
    URL that would have to be cut is left out.

    It has no `x:xmpmeta` around it and no packet wrapper, which are there for programs that look for XMP in
    files they cannot read.
    """
    if not rights:
        return b""
    limit = MAX_PACKET_BYTES
    while len(packet := _packet(rights, limit)) > MAX_PACKET_BYTES:
        limit -= _STEP_BYTES
    return packet


def _first(found: Mapping[str, list[str]], name: str) -> str:
    return next(filter(None, map(one_line, found.get(name, ()))), "")


def _url(text: str) -> str:
    """A URL for people to follow; empty for those that run programs, and the like."""
    scheme = _SCHEME.match(text)
    return "" if " " in text or (scheme and scheme[1].lower() not in {"http", "https"}) else text


def _as_utf8(packet: bytes) -> bytes:
    """A packet as well-formed UTF-8, whatever its encoding; cut behind a tag if it is too long."""
    packet = packet.strip(b"\0 \t\r\n") if packet[:2] not in {b"\xff\xfe", b"\xfe\xff"} else packet
    if packet[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in packet[:2]:
        order = "utf-16-be" if packet[:1] in {b"\xfe", b"\0"} else "utf-16-le"
        return packet[:_MAX_READ_BYTES].decode(order, "replace").strip("\ufeff\0 \t\r\n").encode()
    if len(packet) > _MAX_READ_BYTES:
        packet = packet[: packet.rfind(b">", 0, _MAX_READ_BYTES) + 1]
    try:
        return packet.decode().lstrip("\ufeff").encode()
    except UnicodeDecodeError:
        return packet.decode("cp1252", "replace").encode()


class _Finished(Exception):
    """No more is read of this packet."""


class _Reader:
    """Collects the texts of properties of the picture itself, by name.

    Those are below a description directly below `rdf:RDF`: further down, XMP describes other pictures, of
    which this one was made. Namespaces are resolved here, because expat's names with namespaces are as
    long as those, which any number of short tags may share.
    """

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self._prefixes: dict[str, str] = {}
        self._hidden: list[tuple[int, str, str]] = []
        self._depth = 0
        self._root = 0
        self._property = ""
        self._text: list[str] | None = None
        self._length = 0

    def parse(self, packet: bytes) -> None:
        """Read as much of a packet in UTF-8 as is well-formed."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(packet, True)
        except (expat.ExpatError, _Finished):
            return

    def _doctype(self, *_: Any) -> None:
        raise _Finished

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._declare(attributes)
        name = self._resolved(name)
        below = self._depth - self._root
        if not self._root:
            self._root = self._depth if name == "rdf:RDF" else 0
        elif below == 1:
            if name == "rdf:Description":
                self._collect(attributes, _TEXTS)
        elif below == 2:
            self._property = name
            if name in _TEXTS:
                self._begin_text()
                self._collect(attributes, {"rdf:resource"}, name)
        elif name == "rdf:li" and self._property in _TEXTS:
            self._begin_text()
        if self._property == _LICENSOR:
            self._collect(attributes, {_LICENSOR_URL})
            if name == _LICENSOR_URL:
                self._begin_text()
                self._collect(attributes, {"rdf:resource"}, name)

    def _end(self, name: str) -> None:
        name = self._resolved(name)
        wanted = _LICENSOR_URL if name == _LICENSOR_URL else self._property
        if self._text is not None and name in {"rdf:li", self._property, _LICENSOR_URL}:
            self.found.setdefault(wanted, []).append("".join(self._text))
            self._text = None
        if self._depth - self._root == 2:
            self._property = ""
        self._depth -= 1
        if self._depth < self._root:
            raise _Finished  # the end of rdf:RDF
        while self._hidden and self._hidden[-1][0] > self._depth:
            _, prefix, before = self._hidden.pop()
            self._prefixes[prefix] = before

    def _characters(self, text: str) -> None:
        if self._text is not None and self._length < MAX_CHARACTERS:
            self._text.append(text)
            self._length += len(text)

    def _begin_text(self) -> None:
        self._text, self._length = [], 0

    def _collect(self, attributes: Mapping[str, str], wanted: set[str], under: str = "") -> None:
        for attribute, text in attributes.items():
            name = self._resolved(attribute)
            if name in wanted:
                self.found.setdefault(under or name, []).append(text)

    def _declare(self, attributes: Mapping[str, str]) -> None:
        for attribute, uri in attributes.items():
            if attribute == "xmlns" or attribute.startswith("xmlns:"):
                prefix = attribute[6:]
                self._hidden.append((self._depth, prefix, self._prefixes.get(prefix, "")))
                self._prefixes[prefix] = _PREFIXES.get(uri, "")

    def _resolved(self, name: str) -> str:
        """A name with the prefix that its namespace has here; empty if that is unknown."""
        prefix, _, local = name.rpartition(":")
        known = self._prefixes.get(prefix)
        return f"{known}:{local}" if known else ""


def _packet(rights: Rights, limit: int) -> bytes:
    """The packet, with no text longer than `limit` bytes."""
    notice, credit = _cut(rights.notice, limit), _cut(rights.credit, limit)
    creators = [_cut(each, limit // len(rights.creators)) for each in rights.creators]
    statement, licensor = (
        text if len(text.translate(_ESCAPES).encode()) <= limit else ""
        for text in (rights.web_statement, rights.licensor_url)
    )
    used = {
        "dc": creators or notice,
        "photoshop": credit,
        "xmpRights": statement,
        "plus": licensor,
    }
    declared = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in used if used[prefix])
    if not declared:  # a URL that is too long was all there was
        return b""
    attributes = "".join(
        f' {name}="{text.translate(_ESCAPES)}"'
        for name, text in ((_CREDIT, credit), (_WEB_STATEMENT, statement))
        if text
    )
    properties = ""
    if creators:
        items = "".join(f"<rdf:li>{each.translate(_ESCAPES)}</rdf:li>" for each in creators)
        properties += f"<{_CREATOR}><rdf:Seq>{items}</rdf:Seq></{_CREATOR}>"
    if notice:
        item = f'<rdf:li xml:lang="x-default">{notice.translate(_ESCAPES)}</rdf:li>'
        properties += f"<{_NOTICE}><rdf:Alt>{item}</rdf:Alt></{_NOTICE}>"
    if licensor:
        item = f'<rdf:li {_LICENSOR_URL}="{licensor.translate(_ESCAPES)}"/>'
        properties += f"<{_LICENSOR}><rdf:Seq>{item}</rdf:Seq></{_LICENSOR}>"
    return (
        f'<rdf:RDF xmlns:rdf="{_NAMESPACES["rdf"]}"><rdf:Description rdf:about=""{declared}{attributes}>'
        f"{properties}</rdf:Description></rdf:RDF>"
    ).encode()


def _cut(text: str, limit: int) -> str:
    """As many characters of a text as take `limit` bytes at most once they are escaped, in UTF-8."""
    size = 0
    for at, character in enumerate(text):
        size += len(character.translate(_ESCAPES).encode())
        if size > limit:
            return text[:at].rstrip()
    return text
