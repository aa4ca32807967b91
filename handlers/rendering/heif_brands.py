"""AVIF or HEIC: the two share a container and differ in its brands."""

from handlers.contract.rejections import FormatNotAllowed

_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "HEIF"),
}
_CONTAINER_BRANDS = {b"mif1", b"msf1"}


def sniff_brands(data: bytes) -> str:
    """The format of an ISO base media file (ISO/IEC 14496-12, 4.3), from its brands.

    Raises FormatNotAllowed for any other, for example a video.
    """
    major = data[8:12]
    if major in _BRANDS:
        return _BRANDS[major]
    if major in _CONTAINER_BRANDS:
        length = min(int.from_bytes(data[:4], "big"), 256)
        compatible = {data[at : at + 4] for at in range(16, length, 4)}
        for brand, name in _BRANDS.items():
            if brand in compatible:
                return name
    raise FormatNotAllowed(major.decode("ascii", "replace"))
