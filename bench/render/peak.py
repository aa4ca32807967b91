"""The peak memory of one engine on one original: `python -m bench.render.peak ENGINE PATH`.

Run in a separate process: a peak never goes down again.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from bench.render.limits import LIMITS
from handlers.contract.presets import parse_presets

PRESETS = ("large 1024x1024 contain jpeg", "small 512x512 contain jpeg", "thumbnail 128x128 contain jpeg")


def peak(engine: str, path: Path) -> float:
    """MiB, of which about 20 (Python) or 60 (Node) are there before the first original."""
    command = [sys.executable, "-m", "bench.render.peak", engine, str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _measured(name: str, path: Path) -> float:
    presets = parse_presets(PRESETS)
    if name == "ours":
        # The engine alone: the peers would count as its memory.
        from handlers.rendering.render import render  # noqa: PLC0415

        render(path.read_bytes(), presets, LIMITS)
    else:
        from bench.render import engines  # noqa: PLC0415

        if name.startswith("sharp"):
            sharp = engines.sharp_worker()
            sharp.engine(name.removeprefix("sharp "))(path, presets)
            value = sharp.peak_mib
            sharp.stop()
            return value
        getattr(engines, name)(path.read_bytes(), presets)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]))))
