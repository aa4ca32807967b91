"""Exponential back-off with jitter: the one that everything uses that repeats a call or a message."""

import random
from collections.abc import Callable


def retry_delay(
    attempt: int, base_seconds: float, max_seconds: float, jitter: Callable[[], float] = random.random
) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1), with full jitter.

    Drawn from 0 to `base_seconds` doubled with every attempt, at most `max_seconds`.
    See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    doublings = min(attempt - 1, 20)
    return jitter() * min(max_seconds, base_seconds * (1 << doublings))
