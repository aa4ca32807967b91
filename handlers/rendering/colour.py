"""Every colour model a decoder hands out → sRGB, 8 bits a channel.

Two steps, on either side of the resize: `resizable` makes the pixels something that can be
averaged (no palette, no 16-bit oddities, premultiplied alpha), `to_srgb` applies the embedded
profile, which is cheap on the small result.
"""

import io

from PIL import Image, ImageMath

WHITE = (255, 255, 255)

_FLOAT_TAGS = {b"D2B", b"B2D"}
_MAX_PROFILE_TAGS = 100  # what Little CMS reads

# JFIF's YCbCr. Pillow's own conversions to and from it round every channel down, which darkens by half a
# level each way, and take longer; its conversion to L has the same weights, and rounds to the nearest.
_CHROMA = ((-0.168736, -0.331264, 0.5, 128), (0.5, -0.418688, -0.081312, 128))
_TO_RGB = (1, 0, 1.402, -179.456, 1, -0.344136, -0.714136, 135.458816, 1, 1.772, 0, -226.816)


def luma(image: Image.Image) -> Image.Image:
    """Y of an RGB image."""
    return image.convert("L")


def chroma(image: Image.Image) -> tuple[Image.Image, ...]:
    """Cb and Cr of an RGB image."""
    return tuple(image.convert("L", weights) for weights in _CHROMA)


def rgb(image: Image.Image) -> Image.Image:
    """RGB of a YCbCr image."""
    return Image.merge("RGB", image.split()).convert("RGB", _TO_RGB)


def resizable(image: Image.Image) -> Image.Image:
    """The loaded image in a mode whose channels can be averaged: L, La, RGB, RGBa, CMYK or LAB."""
    if image.mode in {"L", "RGB", "CMYK", "LAB", "YCbCr"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _of_16_bits(image)
    if image.mode in {"I", "F"}:
        return _stretched(image)
    if image.mode in {"RGBa", "La"}:
        return image
    if image.has_transparency_data:
        grey = image.mode in {"1", "L", "LA"}
        return _without_opaque_alpha(image.convert("LA" if grey else "RGBA"))
    return image.convert("L" if image.mode == "1" else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image in L, LA, RGB or RGBA whose colours are sRGB."""
    if image.mode in {"RGBa", "La"}:
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    if profile:
        image = rgb(image) if image.mode == "YCbCr" else image
        image = _converted(image, profile)
    return image if image.mode in {"L", "LA", "RGB", "RGBA", "YCbCr"} else image.convert("RGB")


def brightness(image: Image.Image) -> Image.Image:
    """How bright the pixels of an image from `resizable` are, in mode L; what is transparent is dark."""
    # Pillow converts neither of these two to L; each has it as its first channel.
    return image.getchannel(0) if image.mode in {"La", "LAB"} else image.convert("L")


def flattened(image: Image.Image) -> Image.Image:
    """An image without alpha, on white."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    alpha = image.getchannel("A")
    opaque = Image.new("RGB", image.size, WHITE)
    opaque.paste(image.convert("RGB"), mask=alpha)
    return opaque


def _of_16_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits in 8: the high byte of each sample. Pillow's own conversion clips instead."""
    order = "L;16B" if image.mode == "I;16B" else "L;16"
    grey = Image.frombytes("L", image.size, image.tobytes(), "raw", order)
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return grey
    opaque = ImageMath.lambda_eval(
        lambda given: given["convert"]((given["samples"] != transparent) * 255, "L"),
        samples=image.convert("I"),
    )
    assert isinstance(opaque, Image.Image)
    return _without_opaque_alpha(Image.merge("LA", (grey, opaque)))


def _without_opaque_alpha(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert(image.mode[:-1])
    return image.convert(image.mode[:-1] + "a")


def _stretched(image: Image.Image) -> Image.Image:
    """32-bit samples have no agreed white: their own range becomes black to white."""
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if high <= low:
        return Image.new("L", image.size, 0 if high <= 0 else 255)
    factor = 255 / (high - low)
    return image.convert("F").point(lambda value: value * factor - low * factor).convert("L")


def _without_float_stages(profile: bytes) -> bytes:
    """The profile, but with its optional tags of floating-point stages hidden from the reader.

    They may chain any number of stages (multiProcessElementsType, ICC.1:2022, 10.16), each of which is
    computed for tens of thousands of grid points: 64 KiB of them take eight seconds. Every profile has
    others that say the same (8.2).
    """
    count = int.from_bytes(profile[128:132], "big")
    if count > _MAX_PROFILE_TAGS:
        return b""
    hidden = bytearray(profile)
    for at in range(132, min(132 + 12 * count, len(profile) - 11), 12):
        if profile[at : at + 3] in _FLOAT_TAGS:
            hidden[at : at + 4] = b"none"
    return bytes(hidden)


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    from PIL import ImageCms  # noqa: PLC0415 - most originals carry no profile

    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    try:
        converted = ImageCms.profileToProfile(
            colours,
            ImageCms.ImageCmsProfile(io.BytesIO(_without_float_stages(profile))),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile, or one of another colour model: what browsers do too
    if converted is None:
        return image
    if alpha:
        converted.putalpha(alpha)
    return converted
