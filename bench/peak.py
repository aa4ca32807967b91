"""Runs a command and tells its peak memory: `python bench/peak.py OUTPUT COMMAND…`.

Prints the process id of the command, then its exit code and the largest resident set in KiB. A
process of its own, because Linux counts what the parent occupied when it started the command.
"""

import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the command that the arguments name, its standard output in the file OUTPUT."""
    output, *command = sys.argv[1:]
    with Path(output).open("wb") as file:
        started = subprocess.Popen(command, stdout=file)
    print(started.pid, flush=True)
    _, status, usage = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    kib = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print(started.returncode, kib, flush=True)


if __name__ == "__main__":
    main()
