"""What importing a function's code costs a cold start."""

import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

_ROUNDS = 15
_PROGRAM = """
import sys, time
before = time.process_time()
__import__(sys.argv[1])
print(1000 * (time.process_time() - before))
"""


# What the resize function's layer holds; the runtime brings the rest, with its byte code.
_LAYER = (
    "aws_lambda_powertools",
    "isal",
    "PIL",
    "pillow.libs",
    "pillow_heif",
    "pillow_heif.libs",
    "pyvips_binary.libs",
)


def import_ms(python: str, module: str, **environment: str) -> float:
    """Median CPU milliseconds to import a module in a fresh interpreter."""
    command = [python, "-c", _PROGRAM, module]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
        for _ in range(_ROUNDS + 1)
    ]
    return statistics.median(float(run.stdout) for run in runs[1:])


def import_ms_without_byte_code(python: str, module: str) -> float:
    """The same as a bundle is imported in Lambda: our code and the layer as sources alone."""
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        sources = [Path("handlers"), *(Path(site) / name for name in _LAYER)]
        for source in (each for each in sources if each.exists()):
            shutil.copytree(source, Path(folder) / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        return import_ms(python, module, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1", PYTHONSAFEPATH="1")
