"""A discrete-event simulation of queue, event source mapping and function.

The mapping scales as published: five batches at a time when messages appear, up to 300 more every
minute while messages are left, up to its maximum concurrency.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

What is simplified: messages are taken in the order of their arrival, every batch of a size takes
the same time, nothing fails, and the 300 come at the end of each minute, not during it.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

AT_START: Final = 5
MORE_EVERY_MINUTE: Final = 300
_MINUTE: Final = 60.0
_MOST_ARRIVALS: Final = 20_000
_SAMPLES: Final = 240


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """An event source mapping; `ramps` is False for one that starts with its maximum at once."""

    batch_size: int
    window_seconds: float
    max_concurrency: int
    ramps: bool = True

    def concurrency(self, seconds: float) -> int:
        """How many batches it works on at most, so long after messages appeared."""
        if not self.ramps:
            return self.max_concurrency
        return min(self.max_concurrency, AT_START + MORE_EVERY_MINUTE * int(seconds / _MINUTE))


@dataclass(frozen=True, kw_only=True)
class SimulatedSample:
    """The state at a time: messages waiting, batches at work, age of the oldest waiting, images done."""

    seconds: float
    waiting: int
    busy: int
    oldest_seconds: float
    done: int


@dataclass(frozen=True, kw_only=True)
class SimulatedRun:
    """How a simulated load went. `seconds` is from the first arrival to the last image done."""

    seconds: float
    peak_waiting: int
    peak_oldest_seconds: float
    peak_busy: int
    calls: int
    busy_seconds: float
    samples: tuple[SimulatedSample, ...]


class Simulation:
    """`images` arrive evenly within `arriving` seconds; a call with n images takes `call_seconds(n)`."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        images: int,
        arriving: float,
        call_seconds: Callable[[int], float],
        cold_start_seconds: float = 0.0,
    ) -> None:
        self._mapping = mapping
        self._call_seconds = call_seconds
        self._cold_start = cold_start_seconds
        self._images = images
        self._number = count()
        self._events: list[tuple[float, int, int, int]] = []  # time, order, arrivals, calls that end
        self._queue: deque[tuple[float, int]] = deque()  # time of arrival, how many
        self._waiting = self._busy = self._done = self._calls = self._warm = 0
        self._busy_seconds = self._peak_age = self._partial_at = 0.0
        self._ends: dict[tuple[float, int], int] = {}
        for at, arrivals in _arrivals(images, arriving):
            self._at(at, arrivals=arrivals)

    def run(self) -> SimulatedRun:
        """The whole load, until its last image is done."""
        samples: list[SimulatedSample] = []
        every, peak_waiting, peak_busy, now, minute = 0.0, 0, 0, 0.0, 0
        while self._done < self._images:
            now, order, arrivals, images = heapq.heappop(self._events)
            if arrivals:
                self._queue.append((now, arrivals))
                self._waiting += arrivals
            if images:
                calls = self._ends.pop((now, order))
                self._busy -= calls
                self._done += calls * images
            self._start(now)
            if self._waiting and now // _MINUTE >= minute:
                minute = int(now // _MINUTE) + 1
                self._at(minute * _MINUTE)
            peak_waiting, peak_busy = max(peak_waiting, self._waiting), max(peak_busy, self._busy)
            if now >= every:
                samples.append(self._sample(now))
                every = now + max(now, 1.0) / _SAMPLES
        samples.append(self._sample(now))
        return SimulatedRun(
            seconds=now,
            peak_waiting=peak_waiting,
            peak_oldest_seconds=self._peak_age,
            peak_busy=peak_busy,
            calls=self._calls,
            busy_seconds=self._busy_seconds,
            samples=tuple(samples),
        )

    def _start(self, now: float) -> None:
        """Hand out full batches to free calls, and one that is not full when its window is over."""
        free = self._mapping.concurrency(now) - self._busy
        size = self._mapping.batch_size
        full = min(free, self._waiting // size)
        if full > 0:
            self._call(now, full, size)
        if full >= free or not self._waiting:
            return
        window_ends = self._queue[0][0] + self._mapping.window_seconds
        if now >= window_ends:
            self._call(now, 1, self._waiting)
        elif window_ends > self._partial_at:
            self._partial_at = window_ends
            self._at(window_ends)

    def _call(self, now: float, calls: int, images: int) -> None:
        self._take(now, calls * images)
        self._busy += calls
        self._calls += calls
        warm = min(calls, max(0, self._warm - (self._busy - calls)))
        seconds = self._call_seconds(images)
        for group, took in ((warm, seconds), (calls - warm, seconds + self._cold_start)):
            if group:
                self._busy_seconds += group * took
                self._at(now + took, ends=group, images=images)
        self._warm = max(self._warm, self._busy)

    def _take(self, now: float, messages: int) -> None:
        self._peak_age = max(self._peak_age, now - self._queue[0][0])
        self._waiting -= messages
        while messages:
            at, held = self._queue.popleft()
            if held > messages:
                self._queue.appendleft((at, held - messages))
            messages -= min(held, messages)

    def _at(self, time: float, *, arrivals: int = 0, ends: int = 0, images: int = 0) -> None:
        order = next(self._number)
        if ends:
            self._ends[time, order] = ends
        heapq.heappush(self._events, (time, order, arrivals, images))

    def _sample(self, now: float) -> SimulatedSample:
        oldest = now - self._queue[0][0] if self._queue else 0.0
        return SimulatedSample(
            seconds=now, waiting=self._waiting, busy=self._busy, oldest_seconds=oldest, done=self._done
        )


def _arrivals(images: int, arriving: float) -> Iterator[tuple[float, int]]:
    """Times and numbers of arrivals, spread evenly: once a second, or less often if that is too much."""
    steps = min(images, max(1, int(arriving)), _MOST_ARRIVALS)
    for step in range(steps):
        share = images * (step + 1) // steps - images * step // steps
        yield step * arriving / steps, share
