"""One evaluation of the Pulumi program: how many registrations, and when the last one came.

The moment is in seconds of the system's monotonic clock, the same in every process.
"""

import sys
import time
from pathlib import Path
from typing import Any

from pulumi.runtime.mocks import MockResourceArgs

from local.mock_cloud import FakeCloud
from local.program import run_program


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
run_program(Path(__file__).parents[2], sys.argv[1], clock)
print(len(clock.moments), imported, max(clock.moments), time.process_time())
