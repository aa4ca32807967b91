"""The blocks of an original → its rights, and the facts of its capture."""

from dataclasses import dataclass

from handlers.rendering.metadata import exif, iptc, xmp
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.metadata.rights import NO_RIGHTS, Rights, joined

# A By-line holds 32 bytes, and a character that is cut off has up to four.
_CUT_BYTES = 29


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known of an original beyond its pixels; texts are empty where it does not say it."""

    rights: Rights = NO_RIGHTS
    captured_at: str = ""
    camera: str = ""


def read(blocks: MetadataBlocks) -> Metadata:
    """Read what is wanted of the metadata. What is damaged is left out; nothing is rejected for it."""
    in_exif = exif.read(blocks.exif or b"")
    in_iptc = iptc.read(blocks.iptc or in_exif.iptc)
    in_xmp = xmp.read(blocks.xmp or in_exif.xmp)
    artists = tuple(filter(None, (each.strip() for each in in_exif.artist.split(";"))))
    rights = Rights(
        creators=_creators((*in_xmp.creators, *artists, *in_iptc.by_lines)),
        notice=joined(filter(None, (in_xmp.notice, in_iptc.copyright, in_exif.copyright))),
        credit=joined(filter(None, (in_xmp.credit, in_iptc.credit))),
        web_statement=in_xmp.web_statement,
        licensor_url=in_xmp.licensor_url,
    )
    return Metadata(rights=rights, captured_at=in_exif.captured_at, camera=in_exif.camera)


def _creators(names: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    for name in names:
        cut = len(name.encode()) >= _CUT_BYTES and any(other.startswith(name) for other in kept)
        if name not in kept and not cut:
            kept.append(name)
    return tuple(kept[: xmp.MAX_CREATORS])
