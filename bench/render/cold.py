"""What importing a function's code costs a cold start."""

import statistics
import subprocess

_ROUNDS = 15
_PROGRAM = """
import sys, time
before = time.process_time()
__import__(sys.argv[1])
print(1000 * (time.process_time() - before))
"""


def import_ms(python: str, module: str) -> float:
    """Median CPU milliseconds to import a module in a fresh interpreter, byte code at hand."""
    command = [python, "-c", _PROGRAM, module]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(_ROUNDS + 1)]
    return statistics.median(float(run.stdout) for run in runs[1:])
