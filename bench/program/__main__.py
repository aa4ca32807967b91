"""How long the Pulumi program takes to say all it wants.

From the start of a fresh Python process to the last registration, under a mock monitor: what every
preview and deployment waits for besides the engine. The code archive is up to date, as it is after
the first run, and the dependency layers are named, not built.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_WANTED_SECONDS = 2.0


def main() -> None:
    """Print a table of runs, and the medians as figures."""
    parser = argparse.ArgumentParser(prog="bench.program", description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--stack", default="dev")
    options = parser.parse_args()
    _evaluate(options.stack)  # builds the code archive if it is not up to date
    print(f"{'run':>4}  {'imports':>8}  {'last registration':>17}  {'processor':>9}  {'resources':>9}")
    walls, processors = [], []
    for run in range(1, options.runs + 1):
        started = time.monotonic()
        count, imported, last, processor = _evaluate(options.stack)
        walls.append(last - started)
        processors.append(processor)
        print(
            f"{run:>4}  {imported - started:>6.2f} s  {walls[-1]:>15.2f} s  {processor:>7.2f} s  "
            f"{count:>9.0f}"
        )
    wall = statistics.median(walls)
    print(f"\nmedian {wall:.2f} s to the last registration; wanted: below {_WANTED_SECONDS:.0f} s")
    print(f"figure program_seconds {wall:.3f}")
    print(f"figure program_processor_seconds {statistics.median(processors):.3f}")


def _evaluate(stack: str) -> tuple[float, ...]:
    command = [sys.executable, str(Path(__file__).with_name("once.py")), stack]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(float(number) for number in done.stdout.split())


if __name__ == "__main__":
    main()
