"""One evaluation of the Pulumi program: how many registrations, and when the last one came.

The moment is in seconds of the system's monotonic clock, the same in every process.
"""

import sys
import time
from typing import Any

from pulumi.runtime.mocks import MockResourceArgs

from local.stack import run_program
from tests.infra.cloud import ROOT, FakeCloud


class Clock(FakeCloud):
    """Remembers when each resource was registered."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Note the moment, and create the resource at once."""
        self.moments.append(time.monotonic())
        created: tuple[str, dict[str, Any]] = super().new_resource(args)
        return created


imported = time.monotonic()
clock = Clock()
run_program(ROOT, sys.argv[1], clock)
print(len(clock.moments), imported, max(clock.moments), time.process_time())
