"""How fast an operator's tool goes."""

import threading
import time
from collections.abc import Callable


class RateLimit:
    """At most `rate` things a second, evenly, from any number of threads; clock and sleep in seconds."""

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_each = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()
        self._lock = threading.Lock()

    def wait(self, count: int = 1) -> None:
        """Wait until `count` more may go; time that was left unused is not saved up."""
        with self._lock:
            now = self._clock()
            mine = max(self._free_at, now)
            self._free_at = mine + count * self._seconds_each
        if mine > now:
            self._sleep(mine - now)
