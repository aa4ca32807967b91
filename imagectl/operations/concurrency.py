"""Calls that are made at the same time, and whose results come in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(call: Callable[[Item], Result], items: Iterable[Item], *, at_once: int) -> Iterator[Result]:
    """The result of a call for each item, in the order of the items.

    `at_once` calls are under way at the same time, and at most twice as many items are taken ahead.
    """
    ahead: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            ahead.append(pool.submit(call, item))
            if len(ahead) == 2 * at_once:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
