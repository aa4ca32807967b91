"""`make mutants`: one-line faults in the functions and components, each of which a test must catch.

Each fault is applied to a copy of the checkout; their tests run there until one fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.mutants.faults import FAULTS

_PROJECT = Path(__file__).parents[2]
# The quick ones first; the interleaving model last.
_TESTS = (
    "tests/unit/resize/test_message_batch.py",
    "tests/unit/contract/test_s3_events.py",
    "tests/unit/storage/test_catalog.py",
    "tests/unit/storage/test_buckets.py",
    "tests/unit/publish/test_completion_events.py",
    "tests/unit/publish/test_publisher.py",
    "tests/unit/publish/test_entry_point.py",
    "tests/unit/delivery/test_redirects.py",
    "tests/unit/api/test_lanes.py",
    "tests/unit/api/test_quotas.py",
    "tests/unit/api/test_resigning.py",
    "tests/unit/rendering/sandbox/test_process.py",
    "tests/unit/resize/test_worker.py",
    "tests/unit/resize/test_worker_announcements.py",
    "tests/unit/resize/test_worker_event_order.py",
    "tests/unit/resize/test_worker_races.py",
    "tests/unit/resize/test_worker_leftovers.py",
    "tests/unit/resize/test_malware_gate.py",
    "tests/infra/test_queues.py",
    "tests/infra/test_delivery.py",
    "tests/unit/model/test_convergence.py",
)
_PARTS = (
    *("components", "docs", "handlers", "imagectl", "local", "policies", "pricing", "requirements", "tests"),
    *("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "pyproject.toml"),
)


def main() -> int:
    """Print what caught each fault; 1 if any was not caught."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        _copy(project)
        if by := _failing_test(project):
            print(f"the tests fail without any fault: {by}")
            return 1
        caught = 0
        for number, fault in enumerate(FAULTS, 1):
            with fault.applied(project):
                by = _failing_test(project)
            caught += by is not None
            print(f"{number:2} {fault.what}\n   {by or 'NOT CAUGHT'}", flush=True)
    print(f"figure mutants_caught {caught}\nfigure mutants {len(FAULTS)}")
    return 0 if caught == len(FAULTS) else 1


def _copy(project: Path) -> None:
    for part in _PARTS:
        if (_PROJECT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(_PROJECT / part, project / part, ignore=ignored)
        else:
            shutil.copy(_PROJECT / part, project / part)


def _failing_test(project: Path) -> str | None:
    """The first test that fails; None if all pass. Raises RuntimeError if they cannot be run."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *_TESTS],
        cwd=project,
        env=os.environ | {"CONVERGENCE_NO_SHRINKING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    if ran.returncode not in {0, 1} or (ran.returncode and not failed):
        raise RuntimeError(ran.stdout)
    return failed[0].partition(" - ")[0] if failed else None


if __name__ == "__main__":
    sys.exit(main())
