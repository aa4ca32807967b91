"""Compares the simulation of `imagectl plan` with the emulator: the same spike, seen and predicted.

The emulator starts with its maximum concurrency at once and all share this machine's CPUs, so the
simulation is told not to ramp, and how long the calls really took.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from imagectl.planning.simulation import Mapping, SimulatedRun, SimulatedSample, Simulation
from local.system import System, deployed

_IMAGES = 240
_CONCURRENCY = 2
_BATCH = 10
_LOOK_SECONDS = 0.25
_LONGEST_SECONDS = 240
_MARKS = (0.1, 0.25, 0.5, 0.75, 0.9)


def main() -> None:
    """Run the spike, predict it, and print both."""
    with deployed(config={"maxConcurrency": _CONCURRENCY, "batchSize": _BATCH}) as system:
        arriving, seen = _spike(system)
        calls = [
            (json.loads(line)["Done"], duration)
            for line, duration in _calls(system.logs(system.outputs["resizeFunctionName"]))
        ]
    images = sum(len(done) for done, _ in calls)
    seconds_an_image = sum(duration for _, duration in calls) / images
    run = Simulation(
        Mapping(batch_size=_BATCH, window_seconds=0, max_concurrency=_CONCURRENCY, ramps=False),
        images=images,
        arriving=arriving,
        call_seconds=lambda count: count * seconds_an_image,
    ).run()
    print(f"{images} images uploaded in {arriving:.1f} s, {seconds_an_image:.3f} s each\n")
    _print(run, seen, images, len(calls))


def _spike(system: System) -> tuple[float, list[tuple[float, int, int]]]:
    """Upload at once and watch; seconds of the upload, and (seconds, waiting, in flight) over time."""
    photograph = (Path(__file__).parents[1] / "local" / "samples" / "dogs.jpg").read_bytes()
    s3, sqs = system.client("s3"), system.client("sqs")
    began = time.monotonic()

    def put(number: int) -> None:
        s3.put_object(Bucket=system.outputs["originalsBucket"], Key=f"uploads/{number}", Body=photograph)

    seen: list[tuple[float, int, int]] = []
    names: list[Any] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    with ThreadPoolExecutor(4) as pool:
        puts = [pool.submit(put, number) for number in range(_IMAGES)]
        arriving = 0.0
        while time.monotonic() - began < _LONGEST_SECONDS:
            found = sqs.get_queue_attributes(QueueUrl=system.outputs["queueUrl"], AttributeNames=names)
            waiting, flying = (int(found["Attributes"][name]) for name in names)
            now = time.monotonic() - began
            seen.append((now, waiting, flying))
            if not arriving and all(each.done() for each in puts):
                arriving = now
            if arriving and not waiting and not flying:
                break
            time.sleep(_LOOK_SECONDS)
    return arriving, seen


def _calls(lines: list[str]) -> list[tuple[str, float]]:
    """The metrics line of each call that settled images, with the seconds that the call took."""
    found, metrics = [], ""
    for line in lines:
        if '"Done"' in line and line.startswith("{"):
            metrics = line
        elif line.startswith("REPORT") and metrics:
            found.append((metrics, float(line.split("Duration: ")[1].split(" ms")[0]) / 1000))
            metrics = ""
    return found


def _print(run: SimulatedRun, seen: list[tuple[float, int, int]], images: int, calls: int) -> None:
    print(f"{'':28}{'emulator':>10}{'simulated':>11}")
    drained = seen[-1][0]
    print(f"{'all done after, s':28}{drained:>10.1f}{run.seconds:>11.1f}")
    print(f"{'waiting at most':28}{max(waiting for _, waiting, _ in seen):>10}{run.peak_waiting:>11}")
    print(f"{'calls':28}{calls:>10}{run.calls:>11}")
    errors = []
    for mark in _MARKS:
        at = mark * drained
        measured = min(seen, key=lambda look: abs(look[0] - at))[1]
        simulated = _at(run, at).waiting
        errors.append(abs(measured - simulated) / images)
        print(f"{f'waiting after {at:.0f} s':28}{measured:>10}{simulated:>11}")
    print(f"\nfigure drain_error {abs(run.seconds - drained) / drained:.3f}")
    print(f"figure curve_error {max(errors):.3f}")


def _at(run: SimulatedRun, seconds: float) -> SimulatedSample:
    return min(run.samples, key=lambda sample: abs(sample.seconds - seconds))


if __name__ == "__main__":
    sys.exit(main())
