"""How long the express lane takes in the worst case: every caller spends its whole allowance at once."""

from dataclasses import dataclass, replace

from imagectl.planning.planner import simulated
from imagectl.planning.simulation import SimulatedRun
from imagectl.planning.workload import Workload


@dataclass(frozen=True, kw_only=True)
class ExpressLane:
    """`callers` who send `allowance` images each at the same moment, handled one per call by
    `concurrency` calls. `alone_seconds` is what one image takes when the lane is empty.
    """

    callers: int
    allowance: int
    concurrency: int
    alone_seconds: float
    run: SimulatedRun

    @property
    def bound_seconds(self) -> float:
        """What the last image waits for, once the mapping has all its concurrency: callers times allowance
        times the seconds of a call, divided by the concurrency.
        """
        return self.callers * self.allowance * self.alone_seconds / self.concurrency


def express_lane(load: Workload, *, callers: int, allowance: int, concurrency: int) -> ExpressLane:
    """The express lane of a stack whose images are those of `load`."""
    burst = replace(load, images=callers * allowance, arriving=1, batch_size=1, window_seconds=0)
    return ExpressLane(
        callers=callers,
        allowance=allowance,
        concurrency=concurrency,
        alone_seconds=burst.call_seconds(1),
        run=simulated(burst, concurrency),
    )
