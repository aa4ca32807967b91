"""Exponential back-off with jitter."""

import random
from collections.abc import Callable

# SQS bounds a visibility timeout at 12 hours; a quarter of an hour keeps a queue moving.
MAX_DELAY_SECONDS = 900


def retry_delay(attempt: int, base_seconds: float, jitter: Callable[[], float] = random.random) -> int:
    """Seconds until the next receive: exponential in the attempt, with full jitter.

    See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    doublings = min(attempt - 1, 20)
    ceiling = min(MAX_DELAY_SECONDS, base_seconds * (1 << doublings))
    return round(jitter() * ceiling)
