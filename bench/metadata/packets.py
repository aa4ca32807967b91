"""What the XMP of a variant says, read by a general XML parser and not by the code that wrote it."""

import io
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from PIL import Image

from bench.metadata.originals import NAMESPACES

_RDF, _DC, _PLUS, _RIGHTS, _PHOTOSHOP = (
    f"{{{NAMESPACES[prefix]}}}" for prefix in ("rdf", "dc", "plus", "xmpRights", "photoshop")
)


def packet_of(variant: bytes) -> bytes:
    """The packet of an encoded variant; empty if it has none."""
    found = Image.open(io.BytesIO(variant)).info.get("xmp", b"")
    return found.encode() if isinstance(found, str) else bytes(found)


def said_by(variant: bytes) -> dict[str, list[str]]:
    """The properties of a variant's packet by their names without a prefix; those that are there."""
    packet = packet_of(variant)
    description = ET.fromstring(packet).find(f"{_RDF}Description") if packet else None  # noqa: S314 - our own
    if description is None:
        return {}
    found = {
        "creator": _texts(description.iterfind(f"{_DC}creator/{_RDF}Seq/{_RDF}li")),
        "rights": _texts(description.iterfind(f"{_DC}rights/{_RDF}Alt/{_RDF}li")),
        "Credit": [description.get(f"{_PHOTOSHOP}Credit", "")],
        "WebStatement": [description.get(f"{_RIGHTS}WebStatement", "")],
        "LicensorURL": [
            item.get(f"{_PLUS}LicensorURL", "")
            for item in description.iterfind(f"{_PLUS}Licensor/{_RDF}Seq/{_RDF}li")
        ],
    }
    return {name: texts for name, texts in found.items() if any(texts)}


def _texts(elements: Iterable[ET.Element]) -> list[str]:
    return [element.text or "" for element in elements]
