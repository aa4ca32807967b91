"""Memory the C library keeps between images instead of giving it back to the kernel."""

import ctypes
import mmap
from functools import cache

MIB = 1024 * 1024

# From glibc's malloc.h. https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# The planes of a 12-megapixel photograph fit; of anything larger, no more than this stays behind.
_KEPT = 64 * MIB
_LARGEST_FROM_HEAP = 32 * MIB
# Mapped ahead: blocks that come from the heap, and together stay below what is kept of it.
_BLOCK, _BLOCKS = 24 * MIB, 2
_MADV_HUGEPAGE = 14


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


def prefer_huge_pages() -> None:
    """Map heap for the processes forked from this one, which the kernel may back with huge pages.

    Each of them then has a page fault per 2 MiB instead of one per 4 KiB; what it does not use is not backed.
    Does nothing where there is no glibc, or where the kernel has no huge pages for those who ask.
    https://docs.kernel.org/admin-guide/mm/transhuge.html
    """
    keep_freed_memory()
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return
    library.malloc.restype = ctypes.c_void_p
    blocks = [library.malloc(ctypes.c_size_t(_BLOCK)) for _ in range(_BLOCKS)]
    for block in filter(None, blocks):
        start = -(-block // mmap.PAGESIZE) * mmap.PAGESIZE
        library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(_BLOCK - mmap.PAGESIZE), _MADV_HUGEPAGE)
        library.free(ctypes.c_void_p(block))
