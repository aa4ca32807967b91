"""Whether the far end answers: what a command waits for, since when, and when it tries again."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

# A slow answer is not worth a word; a person who watches nothing move wants to know why within 5 seconds.
SILENT_SECONDS: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Nothing has been heard of `whom` since `since` (seconds since 1970), for `seconds`.

    `failure` is the last error, if there was one; in `again_in` seconds comes the next try, unless one
    is on its way.
    """

    whom: str
    since: float
    seconds: float
    failure: str
    again_in: float | None


class Contact:
    """What is heard of those that a command talks to, all its threads together.

    `patience_seconds` is how long they may be out of reach before calls are given up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience_seconds = 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._heard = clock()
        self._failure = ""
        self._next_try: float | None = None

    @contextmanager
    def waiting(self, whom: str) -> Iterator[None]:
        """An answer of `whom` is waited for during the block."""
        with self._lock:
            if not self._waiting.total() and not self._failure:
                self._heard = self._clock()
            self._waiting[whom] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[whom] -= 1

    def heard(self) -> None:
        """An answer came."""
        with self._lock:
            self._heard, self._failure, self._next_try = self._clock(), "", None

    def moved(self) -> None:
        """Bytes went out. After a failure that is no sign yet that anybody gets them."""
        with self._lock:
            if not self._failure:
                self._heard = self._clock()

    def failed(self, failure: str, *, again_in: float) -> None:
        """An attempt failed, and is repeated in so many seconds."""
        with self._lock:
            self._failure = failure
            at = self._clock() + again_in
            soonest = self._next_try if self._next_try and self._next_try > self._clock() else at
            self._next_try = min(at, soonest)

    @property
    def patient(self) -> bool:
        """Whether those who cannot be reached are worth another try."""
        return self._clock() - self._heard < self.patience_seconds

    def silence(self) -> Silence | None:
        """What has been waited for too long for it to be normal; None if nothing has."""
        with self._lock:
            now = self._clock()
            if not self._waiting.total() or now - self._heard < SILENT_SECONDS:
                return None
            left = self._next_try - now if self._next_try else 0
            return Silence(
                whom=" and ".join(sorted(+self._waiting)),
                since=time.time() - (now - self._heard),
                seconds=now - self._heard,
                failure=self._failure,
                again_in=left if left > 0 else None,
            )
