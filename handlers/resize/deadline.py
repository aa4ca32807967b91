"""The number of records that may be in progress as the deadline of a call comes nearer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadline:
    """Starts a record only while the time left suffices for all that are then in progress.

    `remaining_seconds` is the time until the function's deadline, `record_seconds` the worst
    case of one record; records in progress share one renderer, so their worst cases add up. The first
    record of a call starts whatever the time: the next call would have no more of it.
    """

    def __init__(self, remaining_seconds: Callable[[], float], record_seconds: float) -> None:
        self._remaining_seconds = remaining_seconds
        self._record_seconds = record_seconds
        self._at_work = 0
        self._begun = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether a record may start now, after waiting for others if need be.

        If so, it is in progress for the length of the block.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work or self._fits(self._at_work + 1))
            begins = not self._begun or self._fits(self._at_work + 1)
            self._begun = True
            self._at_work += begins
        try:
            yield begins
        finally:
            with self._changed:
                self._at_work -= begins
                self._changed.notify_all()

    def _fits(self, records: int) -> bool:
        return self._remaining_seconds() >= records * self._record_seconds
