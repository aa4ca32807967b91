"""AVIF through Pillow, HEIC through pillow-heif where it is installed."""

import io
from functools import partial

from PIL import AvifImagePlugin, ImageFile

from handlers.contract import formats
from handlers.contract.presets import Limits
from handlers.contract.rejections import FormatNotAllowed, NotAnImage, TooManyPixels, Truncated
from handlers.rendering import colour, colour_spaces, exif, isobmff
from handlers.rendering.decode_budget import check_metadata, check_size, decoding
from handlers.rendering.metadata.blocks import MetadataBlocks
from handlers.rendering.original import Original
from handlers.rendering.resample import Frame, Need, of_whole

_AVIF_BYTES_PER_PIXEL = 9
_HEIC_BYTES_PER_PIXEL = 12
_DECLARED = ("exif", "icc_profile", "xmp")
_MISREAD_UTF16 = tuple(mark.decode("latin-1").encode() for mark in (b"\xff\xfe", b"\xfe\xff"))


def read(data: bytes, limits: Limits) -> Original:
    """Read the boxes of an AVIF or HEIC. Raises ImageRejected if it is neither or exceeds the limits."""
    heic = formats.sniff(data) is formats.FORMATS["HEIF"]
    with decoding(NotAnImage):
        image = _open_heic(data) if heic else AvifImagePlugin.AvifImageFile(io.BytesIO(data))
        frames = int(getattr(image, "n_frames", 1))
    check_size(limits, *image.size, _HEIC_BYTES_PER_PIXEL if heic else _AVIF_BYTES_PER_PIXEL)
    info = image.info
    check_metadata(limits, sum(len(info.get(name) or b"") for name in _DECLARED))
    return Original(
        format="HEIF" if heic else "AVIF",
        size=image.size,
        # libheif turns the picture itself.
        orientation=1 if heic else exif.orientation(info.get("exif"), info.get("xmp")),
        frames=min(frames, limits.max_frames),
        bit_depth=int(info["bit_depth"]) if heic else _av1_bit_depth(data),
        profile=info.get("icc_profile") or _declared_profile(data, grey=image.mode in {"L", "LA"}),
        decode=partial(_decode, image),
        metadata=MetadataBlocks(exif=info.get("exif"), xmp=_xmp(info.get("xmp"))),
    )


def _xmp(packet: bytes | None) -> bytes | None:
    """The packet as it is in the file: pillow-heif takes UTF-16 for Latin-1, and makes UTF-8 of that."""
    if not packet or not packet.startswith(_MISREAD_UTF16):
        return packet
    return packet.decode("utf-8", "ignore").encode("latin-1", "ignore")


def _decode(image: ImageFile.ImageFile, need: Need) -> Frame:
    size = image.size
    with decoding(Truncated):
        _load(image)
        if image.size != size:
            raise NotAnImage("two sizes")
        return of_whole(colour.resizable(image), need)


def _load(image: ImageFile.ImageFile) -> None:
    """Decode the pixels. What the decoder cannot do, or will not for their number, has its own reason."""
    try:
        image.load()
    except Exception as error:
        if "Security limit" in str(error):  # the kinds of libheif's errors are words in their messages
            raise TooManyPixels(str(error).strip()) from error
        if str(error).startswith("Unsupported"):
            raise FormatNotAllowed(str(error).strip()) from error
        raise


def _open_heic(data: bytes) -> ImageFile.ImageFile:
    try:
        from pillow_heif import HeifImageFile, options  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        raise FormatNotAllowed("HEIC; pillow-heif is not installed") from None
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    options.DECODE_THREADS = 1
    image: ImageFile.ImageFile = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return image


def _declared_profile(data: bytes, *, grey: bool) -> bytes | None:
    """The profile of the code points in the container, which the decoders leave to us."""
    code_points = isobmff.code_points(data)
    return colour_spaces.of_code_points(*code_points, grey=grey) if code_points else None


def _av1_bit_depth(data: bytes) -> int:
    """From the flags of the AV1 configuration box (AV1-ISOBMFF, 2.3.3)."""
    at = data.find(b"av1C", 0, 65_536)
    if at < 0 or at + 7 > len(data) or not data[at + 6] & 0x40:
        return 8
    return 12 if data[at + 6] & 0x20 else 10
