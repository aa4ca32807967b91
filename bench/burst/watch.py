"""The curves of a burst: the queue while it runs, and the rows afterwards."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Event
from typing import Any, NamedTuple

from bench.burst.kills import workers
from imagectl.operations import queues
from local.system import System

# The outputs that name the queues of both lanes.
QUEUES = ("queueUrl", "expressQueueUrl")
_EVERY_SECONDS = 0.5


class Sample(NamedTuple):
    """What a moment (seconds since 1970) showed."""

    at: float
    waiting: int
    in_flight: int
    environments: int


def depth(system: System) -> tuple[int, int]:
    """Messages of both lanes that wait, and that are in flight."""
    depths = [queues.depth(system.client("sqs"), system.outputs[name]) for name in QUEUES]
    return sum(each.waiting + each.delayed for each in depths), sum(each.in_flight for each in depths)


def watch(system: System, stopped: Event) -> list[Sample]:
    """Look at the queue and at the function's environments again and again."""
    samples = []
    function = system.outputs["resizeFunctionName"]
    while not stopped.wait(_EVERY_SECONDS):
        waiting, in_flight = depth(system)
        samples.append(Sample(time.time(), waiting, in_flight, len(workers(function))))
    return samples


def wait_until_empty(system: System, patience_seconds: float) -> bool:
    """Wait until nothing is queued; False if that does not happen."""
    deadline = time.monotonic() + patience_seconds
    calm = 0
    while time.monotonic() < deadline and calm < 3:
        calm = calm + 1 if depth(system) == (0, 0) else 0
        time.sleep(0.5)
    return calm == 3


def curves(
    samples: Iterable[Sample], began: Mapping[str, float], rows: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """What the plot shows, by second: depth, in flight, age of the oldest, finished per second.

    Ages and finished images are those of images that are there in the end.
    """
    start = min(began.values())
    times = [
        (began[name], datetime.fromisoformat(rows[name]["ProcessedAt"]).timestamp())
        for name in began
        if "ProcessedAt" in rows.get(name, {})
    ]
    finished = Counter(int(end - start) for _, end in times)
    seconds = range(max(finished, default=0) + 2)
    oldest = [
        max((start + second - begin for begin, end in times if begin <= start + second < end), default=0)
        for second in seconds
    ]
    return {
        "seconds": [sample.at - start for sample in samples],
        "waiting": [sample.waiting for sample in samples],
        "in_flight": [sample.in_flight for sample in samples],
        "whole_seconds": list(seconds),
        "oldest": oldest,
        "finished": [finished[second] for second in seconds],
    }
