"""`make mutants`: deliberate one-line faults in the consumer, each of which the unit tests must catch.

Each fault is applied to a copy of the checkout; the tests of the consumer run there until one fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.mutants.faults import FAULTS, Fault

_PROJECT = Path(__file__).parents[2]
# The quick ones first; the interleaving model last.
_TESTS = (
    "tests/unit/test_batch.py",
    "tests/unit/test_events.py",
    "tests/unit/test_catalog.py",
    "tests/unit/test_storage.py",
    "tests/unit/test_render_process.py",
    "tests/unit/test_resize.py",
    "tests/unit/test_resize_order.py",
    "tests/unit/test_resize_races.py",
    "tests/unit/test_resize_leftovers.py",
    "tests/unit/test_convergence.py",
)
_PARTS = ("handlers", "local", "samples", "tests", "pyproject.toml")


def main() -> int:
    """Print what caught each fault; 1 if any was not caught."""
    if by := _caught_by(None):
        print(f"the tests fail without any fault: {by}")
        return 1
    caught = 0
    for number, fault in enumerate(FAULTS, 1):
        by = _caught_by(fault)
        caught += by is not None
        print(f"{number:2} {fault.what}\n   {by or 'NOT CAUGHT'}", flush=True)
    print(f"figure mutants_caught {caught}\nfigure mutants {len(FAULTS)}")
    return 0 if caught == len(FAULTS) else 1


def _caught_by(fault: Fault | None) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        for part in _PARTS:
            source = _PROJECT / part
            copied = Path(folder) / part
            if source.is_dir():
                shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copied)
        if fault:
            fault.apply(Path(folder))
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *_TESTS],
            cwd=folder,
            env=os.environ | {"CONVERGENCE_NO_SHRINKING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if any(line.startswith("ERROR") for line in failed) or ran.returncode not in {0, 1}:
        raise RuntimeError(ran.stdout)
    return failed[0].partition(" - ")[0] if ran.returncode == 1 and failed else None


if __name__ == "__main__":
    sys.exit(main())
