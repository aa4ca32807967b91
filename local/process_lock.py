"""The lock of the one process of this checkout that keeps a system up.

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

_STOP_SECONDS = 120  # it may have data to write


class AlreadyRunning(Exception):
    """Another process holds the lock; `facts` is what it wrote about itself."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(f"process {facts.get('pid', 'unknown')} is already running")
        self.facts = facts


class ProcessLock:
    """A lock on a file, for one process at a time."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, **facts: Any) -> None:
        """Write facts about this process into the file, for others."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), **facts}, self._file)
        self._file.flush()


@contextmanager
def taken(path: Path) -> Iterator[ProcessLock]:
    """Hold the lock for the duration of the block. Raises AlreadyRunning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _locked(file):
            raise AlreadyRunning(_facts(path))
        lock = ProcessLock(file)
        lock.write()
        yield lock


def stop(path: Path) -> Mapping[str, Any] | None:
    """Terminate the process that holds the lock, and wait for its end.

    Returns the last facts that it wrote about itself, `pid` among them, or None if the lock is free. Raises
    TimeoutError if it does not end.
    """
    if not path.exists():
        return None
    with path.open("a+") as file:
        deadline = time.monotonic() + _STOP_SECONDS
        pid = None
        while not _locked(file):
            written = _facts(path).get("pid")
            if written and written != pid:
                pid = int(written)
                os.kill(pid, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} does not end")
            time.sleep(0.05)
        return {**_facts(path), "pid": pid} if pid else None


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(path.read_text())
    except ValueError:  # it took the lock a moment ago and has not written yet
        return {}
    return facts if isinstance(facts, dict) else {}
