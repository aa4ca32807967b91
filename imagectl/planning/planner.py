"""From a load to a plan: concurrency, how it would go, which limits it meets, what it costs."""

from dataclasses import dataclass
from typing import Final

from imagectl.planning.aws_limits import Limit, limits
from imagectl.planning.simulation import Mapping, SimulatedRun, Simulation
from imagectl.planning.usage import Usage, usage
from imagectl.planning.workload import COLD_START_SECONDS, Workload

LEAST: Final = 2
MOST: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A load with a concurrency. `in_time` says whether all is done within the time given.

    `limits` are sorted: the first is what breaks first.
    """

    load: Workload
    concurrency: int
    run: SimulatedRun
    used: Usage
    limits: tuple[Limit, ...]

    @property
    def in_time(self) -> bool:
        """Whether all images are done within the time given."""
        return self.run.seconds <= self.load.within


def plan(load: Workload, concurrency: int | None = None, *, express: int = 0) -> Plan:
    """How a load goes with a concurrency; without one, with the smallest that is in time, or else with
    the largest that there is. `express` calls of the express lane run beside it.
    """
    run = simulated(load, concurrency) if concurrency else None
    if run is None:
        concurrency, run = _smallest(load)
    assert concurrency is not None
    used = usage(load)
    return Plan(
        load=load,
        concurrency=concurrency,
        run=run,
        used=used,
        limits=tuple(limits(load, used, concurrency=concurrency, busy=run.peak_busy, express=express)),
    )


def simulated(load: Workload, concurrency: int, *, ramps: bool = True) -> SimulatedRun:
    """How a load goes with a concurrency."""
    mapping = Mapping(
        batch_size=load.batch_size,
        window_seconds=load.window_seconds,
        max_concurrency=concurrency,
        ramps=ramps,
    )
    return Simulation(
        mapping,
        images=load.images,
        arriving=load.arriving,
        call_seconds=load.call_seconds,
        cold_start_seconds=COLD_START_SECONDS,
    ).run()


def _smallest(load: Workload) -> tuple[int, SimulatedRun]:
    # Fewer than this cannot do it, even if they were never idle.
    low = max(LEAST, min(MOST, int(load.images / load.within / load.rate_of_one)))
    high, best = MOST, simulated(load, MOST)
    if best.seconds > load.within:
        return MOST, best
    while low < high:
        middle = (low + high) // 2
        run = simulated(load, middle)
        if run.seconds <= load.within:
            high, best = middle, run
        else:
            low = middle + 1
    return high, best
