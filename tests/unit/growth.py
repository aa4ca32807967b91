"""How the work of a parser grows with its input."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

_ROUNDS = 3
# Below this, what is measured is mostly the interpreter.
_NOISE_SECONDS = 0.004


def grows_linearly(parse: Callable[[Any], object], make: Callable[[int], Any], size: int) -> bool:
    """Whether four times the input takes about four times the processor time, not sixteen times.

    `make(n)` is an input of about n bytes. What `parse` raises counts as its answer. The bound of nine
    lies between the two, so that a busy machine does not decide.
    """
    small, large = (_seconds(parse, make(count)) for count in (size, 4 * size))
    return large <= 9 * max(small, _NOISE_SECONDS)


def _seconds(parse: Callable[[Any], object], text: Any) -> float:
    return min(_once(parse, text) for _ in range(_ROUNDS))


def _once(parse: Callable[[Any], object], text: Any) -> float:
    started = time.process_time()
    with contextlib.suppress(Exception):  # a refusal is as good an answer as any
        parse(text)
    return time.process_time() - started
