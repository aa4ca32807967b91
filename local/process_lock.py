"""Which process of this checkout keeps a system up, if any.

The process holds a lock on a file for as long as it lives, and the kernel lets go of it however
the process ends. So what the file says is never out of date while the lock is held, and means
nothing when it is not.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_STOP_SECONDS = 15


class AlreadyRunning(Exception):
    """Another process holds the place; `facts` is what it told about itself."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(f"process {facts.get('pid', 'unknown')} is already running")
        self.facts = facts


class ProcessLock:
    """The place that one process at a time can take, kept in one file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def tell(self, **facts: Any) -> None:
        """Write down what others may want to know about this process."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), **facts}, self._file)
        self._file.flush()


@contextmanager
def taken(path: Path) -> Iterator[ProcessLock]:
    """Hold the place for the duration of the block. Raises AlreadyRunning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _locked(file):
            raise AlreadyRunning(_facts(path))
        place = ProcessLock(file)
        place.tell()
        yield place


def stop(path: Path) -> int | None:
    """Ask the process that holds the place to end, and wait until it did.

    Returns its id, or None if nothing holds the place. Raises TimeoutError if it does not end.
    """
    if not path.exists():
        return None
    with path.open("a+") as file:
        deadline = time.monotonic() + _STOP_SECONDS
        pid = None
        while not _locked(file):
            told = _facts(path).get("pid")
            if told and told != pid:
                pid = int(told)
                os.kill(pid, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} does not end")
            time.sleep(0.05)
        return pid


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(path.read_text())
    except ValueError:  # it has taken the place a moment ago and has not told yet
        return {}
    return facts if isinstance(facts, dict) else {}
