"""`make bench-lanes`: how long a person's photograph takes behind an import of somebody else.

One caller imports photographs of 12 megapixels as fast as they go, in the bulk lane as imagectl does.
Another uploads one every few seconds until the import is done. The same again with the express lane
switched off. A photograph's time is from its announcement until the API says that it is READY.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from bench.batch import photographs
from bench.burst.burst import rows
from local.aws_clients import Credentials
from local.system import System, deployed

_CONFIG: Final = {"maxConcurrency": 2, "expressConcurrency": 2}
# More than the import takes by far; the default would send the last of the single photographs to bulk.
_ALLOWANCE: Final = 1_000
_A_REQUEST: Final = 100
_AT_ONCE: Final = 4
_EVERY_SECONDS: Final = 4.0
_LOOK_SECONDS: Final = 0.2
_LONGEST_SECONDS: Final = 900.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One import with single photographs beside it; `singles` are pairs of when one was announced, in
    seconds since the import began, and how many seconds later it was ready (None if it never was).
    """

    singles: Sequence[tuple[float, float | None]]
    images_per_second: float
    lost: int

    @property
    def waits(self) -> list[float]:
        """The seconds that single photographs took."""
        return [wait for _, wait in self.singles if wait is not None]


def main() -> int:
    """Run both and print the figures; the process's exit status."""
    parser = argparse.ArgumentParser(prog="bench.lanes", description=__doc__)
    parser.add_argument("--images", type=int, default=600, help="photographs in the import")
    parser.add_argument("--plot", type=Path, help="file for what the chart shows")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        originals = [path.read_bytes() for path in photographs.make(Path(folder))]
    runs = {}
    for name, allowance in (("with lanes", _ALLOWANCE), ("without lanes", 0)):
        with deployed(config={**_CONFIG, "expressPerHour": allowance}) as system:
            run = runs[name] = _run(system, originals, given.images)
        print(
            f"{name}: {len(run.singles)} single photographs, {median(run.waits):.1f} s at the median, "
            f"{max(run.waits):.1f} s at most; import {run.images_per_second:.2f} images/s"
        )
    if given.plot:
        given.plot.parent.mkdir(parents=True, exist_ok=True)
        given.plot.write_text(json.dumps({name: run.singles for name, run in runs.items()}))
    lanes, without = runs["with lanes"], runs["without lanes"]
    lost = lanes.lost + without.lost
    print(f"figure express_p95_seconds {_p95(lanes.waits):.2f}")
    print(f"figure express_p95_without_lanes_seconds {_p95(without.waits):.1f}")
    print(f"figure bulk_throughput_ratio {lanes.images_per_second / without.images_per_second:.3f}")
    print(f"figure lanes_lost {lost}")
    return 1 if lost else 0


def _p95(waits: Sequence[float]) -> float:
    return quantiles(waits, n=20, method="inclusive")[-1]


def _run(system: System, originals: Sequence[bytes], images: int) -> Run:
    _warm_up(system, originals[0])
    began = time.time()
    with ThreadPoolExecutor(_AT_ONCE) as senders, ThreadPoolExecutor(1) as importing, _many() as people:
        imported = importing.submit(_import, system, senders, originals, images)
        singles: list[tuple[float, Future[float | None]]] = []
        while not (imported.done() and _all_settled(system, imported.result())):
            at = time.time() - began
            if at > _LONGEST_SECONDS:
                break
            photograph = originals[len(singles) % len(originals)]
            singles.append((at, people.submit(_single, system, photograph)))
            time.sleep(_EVERY_SECONDS)
        waits = [(at, single.result()) for at, single in singles]
        found = rows(system)
    ids = imported.result()
    ready = [found[each]["ProcessedAt"] for each in ids if found.get(each, {}).get("Status") == "READY"]
    seconds = max(datetime.fromisoformat(each).timestamp() for each in ready) - began
    lost = len(ids) - len(ready) + sum(wait is None for _, wait in waits)
    return Run(singles=waits, images_per_second=len(ready) / seconds, lost=lost)


def _many() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(int(_LONGEST_SECONDS / _EVERY_SECONDS))


def _import(
    system: System, senders: ThreadPoolExecutor, originals: Sequence[bytes], images: int
) -> list[str]:
    ids: list[str] = []
    sent: list[Future[None]] = []
    for start in range(0, images, _A_REQUEST):
        chosen = [
            originals[number % len(originals)] for number in range(start, min(start + _A_REQUEST, images))
        ]
        files = _announced(system, chosen, lane="bulk")
        ids += [file["imageId"] for file in files]
        sent += [senders.submit(_post, system, file, data) for file, data in zip(files, chosen, strict=True)]
    for each in sent:
        each.result()
    return ids


def _single(system: System, photograph: bytes) -> float | None:
    """Seconds until a photograph of the other caller is ready; None if that takes too long."""
    began = time.monotonic()
    [file] = _announced(system, [photograph], caller=system.operator)
    _post(system, file, photograph)
    while time.monotonic() - began < _LONGEST_SECONDS:
        image = system.api.call("GET", file["location"], caller=system.operator).json()
        if image["status"] != "PENDING":
            return time.monotonic() - began if image["status"] == "READY" else None
        time.sleep(_LOOK_SECONDS)
    return None


def _announced(
    system: System, chosen: Sequence[bytes], caller: Credentials | None = None, **options: str
) -> list[dict[str, Any]]:
    files = [{"name": "photograph.jpg", "contentType": "image/jpeg", "bytes": len(data)} for data in chosen]
    answer = system.api.call("POST", "/uploads", caller=caller, json={"files": files, **options})
    return list(answer.raise_for_status().json()["files"])


def _post(system: System, file: dict[str, Any], data: bytes) -> None:
    policy = file["upload"]
    answer = system.api.http.post(policy["url"], data=policy["fields"], files={"file": data})
    answer.raise_for_status()


def _all_settled(system: System, ids: Sequence[str]) -> bool:
    found = rows(system)
    return all(found.get(each, {}).get("Status", "PENDING") != "PENDING" for each in ids)


def _warm_up(system: System, photograph: bytes) -> None:
    """Start the functions: the figures are about waiting, not about cold starts."""
    for _ in range(2):
        _single(system, photograph)


if __name__ == "__main__":
    sys.exit(main())
