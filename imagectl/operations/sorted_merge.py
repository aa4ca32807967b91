"""Walking two sorted streams side by side."""

from collections.abc import Iterator
from typing import TypeVar

Left = TypeVar("Left")
Right = TypeVar("Right")


def merged(
    left: Iterator[tuple[bytes, Left]], right: Iterator[tuple[bytes, Right]]
) -> Iterator[tuple[bytes, Left | None, Right | None]]:
    """Every key of either stream, in order, with what each of them has for it.

    Both are sorted by their keys, and hold no key twice. Holds one entry of each at a time.
    """
    a, b = next(left, None), next(right, None)
    while a or b:
        if b is None or (a and a[0] < b[0]):
            assert a is not None
            yield a[0], a[1], None
            a = next(left, None)
        elif a is None or b[0] < a[0]:
            yield b[0], None, b[1]
            b = next(right, None)
        else:
            yield a[0], a[1], b[1]
            a, b = next(left, None), next(right, None)
