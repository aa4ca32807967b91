"""Two loops over 8-bit samples that libvips runs in vector code on either processor, and Pillow does not.

Both calculate with whole numbers, so that the results are the same on every processor. They run in the
calling thread and start no other, so that a process that has called them can fork.
"""

import ctypes
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from handlers.rendering.codec_libraries import LIBVIPS, Signature, bundled
from handlers.rendering.geometry import Size

# Of libvips's enumerations VipsBandFormat, VipsKernel, VipsFailOn and VipsAccess.
_UCHAR, _LANCZOS3, _FAIL_ON_WARNING, _SEQUENTIAL = 0, 5, 3, 1
_OBJECT, _OBJECT_OUT = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
# What is called, with the options that are passed here. https://www.libvips.org/API/current/
_FUNCTIONS: dict[str, Signature] = {
    "vips_init": (ctypes.c_int, [ctypes.c_char_p]),
    "vips_image_new_from_memory": (_OBJECT, [ctypes.c_char_p, ctypes.c_size_t, *[ctypes.c_int] * 4]),
    "vips_region_new": (_OBJECT, [_OBJECT]),
    "vips_region_fetch": (_OBJECT, [_OBJECT, *[ctypes.c_int] * 4, ctypes.POINTER(ctypes.c_size_t)]),
    "vips_reducev": (
        ctypes.c_int,
        [_OBJECT, _OBJECT_OUT, ctypes.c_double, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p],
    ),
    "vips_pngload_buffer": (
        ctypes.c_int,
        [
            ctypes.c_void_p,
            ctypes.c_size_t,
            _OBJECT_OUT,
            *[ctypes.c_char_p, ctypes.c_int] * 2,
            ctypes.c_void_p,
        ],
    ),
    "vips_error_clear": (None, []),
    "vips_cache_set_max": (None, [ctypes.c_int]),
    "g_object_unref": (None, [_OBJECT]),
    "g_free": (None, [_OBJECT]),
}


# A ctypes array, which frees its memory.
Buffer = Any


class VectorCodeError(OSError):
    """libvips did not do what it was asked for: the machine's fault, unless the samples were bad."""


@cache
def library() -> Any:
    """libvips, ready to be called, or None where it is not installed."""
    vips = bundled("libvips", 42, _FUNCTIONS, LIBVIPS)
    if vips is None or vips.vips_init(b"") != 0:
        return None
    vips.vips_cache_set_max(0)
    return vips


def shrunk_columns(samples: bytes, width: int, height: int, new_height: int) -> Buffer:
    """Rows of `width` samples, filtered with LANCZOS to fewer rows. Raises VectorCodeError."""
    vips = library()
    original = vips.vips_image_new_from_memory(samples, len(samples), width, height, 1, _UCHAR)
    with _owned(original) as image, _owned() as shrunk:
        scale = height / new_height
        failed = vips.vips_reducev(image, ctypes.byref(shrunk), scale, b"kernel", _LANCZOS3, None)
        return _computed(shrunk, failed, (width, new_height), 1)


def decoded_png(data: bytearray, size: Size, channels: int) -> Buffer:
    """The samples of a PNG of 8 bits a sample. Raises VectorCodeError for a PNG with any fault."""
    png = (ctypes.c_char * len(data)).from_buffer(data)
    with _owned() as image:
        options = (b"fail_on", _FAIL_ON_WARNING, b"access", _SEQUENTIAL, None)
        failed = library().vips_pngload_buffer(png, len(png), ctypes.byref(image), *options)
        return _computed(image, failed, size, channels)


@contextmanager
def _owned(reference: int | None = None) -> Iterator[ctypes.c_void_p]:
    """A reference to an object of libvips, which is given up with the block."""
    held = ctypes.c_void_p(reference)
    try:
        yield held
    finally:
        if held:
            library().g_object_unref(held)


def _computed(image: ctypes.c_void_p, failed: int, size: Size, channels: int) -> Buffer:
    """All pixels of an image, computed now and in this thread. Raises VectorCodeError."""
    vips, fetched = library(), ctypes.c_size_t()
    with _owned(None if failed else vips.vips_region_new(image)) as region:
        memory = vips.vips_region_fetch(region, 0, 0, *size, ctypes.byref(fetched)) if region else None
    expected = size[0] * size[1] * channels
    if not memory or fetched.value != expected:
        vips.vips_error_clear()
        vips.g_free(memory)
        raise VectorCodeError
    pixels = (ctypes.c_ubyte * expected).from_address(memory)
    weakref.finalize(pixels, vips.g_free, memory)
    return pixels
