"""How much is held in memory at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Admission:
    """Admits work by the bytes it will hold; what does not fit waits for others to leave.

    Work larger than all of `capacity` bytes is admitted when nothing else is inside.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def admit(self, size: int) -> Iterator[None]:
        """Hold `size` bytes for the length of the block, once there is room for them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held or self._held + size <= self._capacity)
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
