"""What an original may cost, checked from its header before any pixel is decoded."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from handlers.contract.presets import Limits
from handlers.contract.rejections import (
    ImageRejected,
    NotAnImage,
    TooComplex,
    TooManyPixels,
    TooMuchMemory,
    TooMuchMetadata,
)

MIB = 1024 * 1024

# Work that takes a decoder a second or two, whatever the format.
_MAX_PIXEL_PASSES = 1_000_000_000
MAX_CHUNKS = 65_536


def check_size(limits: Limits, width: int, height: int, bytes_per_pixel: float) -> None:
    """Raise NotAnImage, TooManyPixels or TooMuchMemory for a size that is not decoded.

    `bytes_per_pixel` is the memory that decoding this format takes, all buffers together.
    """
    if width < 1 or height < 1:
        raise NotAnImage(f"{width}x{height}")
    if width * height > limits.max_pixels:
        raise TooManyPixels(f"{width}x{height}, at most {limits.max_pixels} pixels")
    if max(width, height) > limits.max_side:
        raise TooManyPixels(f"{width}x{height}, at most {limits.max_side} pixels a side")
    check_memory(limits, width * height * bytes_per_pixel)


def check_memory(limits: Limits, memory: float) -> None:
    """Raise TooMuchMemory if decoding takes more than the budget of bytes."""
    if memory > limits.max_decode_bytes:
        measured = f"{memory / MIB:.0f} MiB, at most {limits.max_decode_bytes / MIB:.0f} MiB"
        raise TooMuchMemory(measured)


def check_metadata(limits: Limits, size: int) -> None:
    """Raise TooMuchMetadata if `size` bytes of metadata are more than the stack allows."""
    if size > limits.max_metadata_bytes:
        raise TooMuchMetadata(f"{size} bytes, at most {limits.max_metadata_bytes}")


def check_passes(width: int, height: int, passes: int) -> None:
    """Raise TooComplex if decoding goes over all pixels so often that it takes too long."""
    if width * height * passes > _MAX_PIXEL_PASSES:
        raise TooComplex(f"{passes} passes over {width}x{height} pixels")


@contextmanager
def decoding(failure: type[ImageRejected]) -> Iterator[None]:
    """Turn whatever a decoder raises on bad bytes into `failure`.

    Decoders raise OSError, ValueError, SyntaxError, struct.error, zlib.error, KeyError and more,
    so the block must hold calls into them only. Running out of memory is the image's fault here:
    every buffer of this size was budgeted before.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (ImageRejected, ImportError):  # a broken layer is not the image's fault
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise TooManyPixels from error
        except MemoryError as error:
            raise TooMuchMemory from error
        except Exception as error:
            raise failure(type(error).__name__) from error
