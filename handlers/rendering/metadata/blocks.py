"""The blocks of metadata that a reader of a format found, unread."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MetadataBlocks:
    """`exif` is a TIFF structure, with or without its `Exif` prefix, and for a TIFF the whole file; `xmp`
    a packet; `iptc` the IIM datasets (IPTC-IIM 4.2), alone or among the image resources of Photoshop.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None


NO_METADATA = MetadataBlocks()
