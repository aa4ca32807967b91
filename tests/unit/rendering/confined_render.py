"""Render what comes on standard input with five seconds of CPU and say what it took.

Run in a separate process, so that what an original does to it is measured and not suffered.
"""

import json
import re
import resource
import sys
from pathlib import Path

from handlers.contract.presets import Limits, parse_presets
from handlers.contract.rejections import ImageRejected
from handlers.rendering.render import render

if __name__ == "__main__":
    data = sys.stdin.buffer.read()
    limits = Limits(**json.loads(sys.argv[1]))
    presets = parse_presets(sys.argv[2:])
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
    try:
        render(data, presets, limits)
        outcome = "ok"
    except ImageRejected as rejection:
        outcome = rejection.reason
    # Not getrusage: its peak still holds the parent's from before this program replaced it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])
    print(json.dumps({"outcome": outcome, "peak_mib": peak // 1024}))  # noqa: T201 - read by the test
