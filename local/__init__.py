"""The whole system on one machine: an AWS emulator, the Pulumi program applied to it, a sample run."""

import time
from typing import Final

STARTED: Final = time.monotonic()
"""When this process began to load the local system, before any of its slower imports."""
