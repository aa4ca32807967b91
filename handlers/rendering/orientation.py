"""EXIF orientation applied: sizes and pixels turned upright."""

from PIL import Image

from handlers.rendering.geometry import Placement, Size

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


# EXIF orientations whose stored width is the upright height.
_SIDEWAYS = frozenset({5, 6, 7, 8})


def upright_size(stored: Size, orientation: int) -> Size:
    """The size of an image as people see it, from its stored size and EXIF orientation (1 to 8)."""
    return (stored[1], stored[0]) if orientation in _SIDEWAYS else stored


def stored(placement: Placement, width: int, height: int, orientation: int) -> Placement:
    """A placement on the upright image of `width` x `height`, in the coordinates of the stored one."""
    left, top, right, bottom = placement.box
    if orientation in {2, 3, 6, 7}:
        left, right = width - right, width - left
    if orientation in {3, 4, 7, 8}:
        top, bottom = height - bottom, height - top
    if orientation in _SIDEWAYS:
        return Placement((top, left, bottom, right), (placement.size[1], placement.size[0]))
    return Placement((left, top, right, bottom), placement.size)


def upright_image(image: Image.Image, orientation: int) -> Image.Image:
    """Pixels as people see them, turned by the EXIF orientation (1 to 8)."""
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image
