"""Memory the C library keeps between images instead of giving it back to the kernel."""

import ctypes
from functools import cache

MIB = 1024 * 1024

# From glibc's malloc.h. https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# The planes of a 12-megapixel photograph fit; of anything larger, no more than this stays behind.
_KEPT = 64 * MIB
_LARGEST_FROM_HEAP = 32 * MIB


@cache
def keep_freed_memory() -> None:
    """Have malloc reuse freed pixels. Once a process; does nothing where there is no glibc.

    Each picture is allocated and freed a few times on its way down, and the kernel clears every
    page it hands out again: a fifth of the time of a rendering.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_FROM_HEAP)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
