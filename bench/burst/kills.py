"""Ends processes of the resize function while they are at work, as a crash or a timeout would."""

import os
import random
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from threading import Event
from typing import NamedTuple

_EVERY_SECONDS = (1.0, 3.0)


class Process(NamedTuple):
    """A process of this machine."""

    pid: int
    parent: int
    command: str


def processes() -> list[Process]:
    """All processes there are."""
    listed = subprocess.run(["ps", "-wwAo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    split = (line.split(None, 2) for line in listed.stdout.splitlines())
    return [Process(int(pid), int(parent), command) for pid, parent, command in split]


def workers(function: str) -> list[Process]:
    """The processes in which the emulator that this process started runs a function."""
    found = processes()
    emulators = {
        each.pid for each in found if each.parent == os.getpid() and "local.emulator_process" in each.command
    }
    return [
        each for each in found if each.parent in emulators and f"ministack-lambda-{function}-" in each.command
    ]


def render_processes(function: str) -> list[Process]:
    """The render processes of a function's workers: those that wait and those that read an image."""
    found = [each for each in processes() if "handlers.rendering.sandbox.child" in each.command]
    functions = {each.pid for each in workers(function)}
    waiting = {each.pid for each in found if each.parent in functions}
    return [each for each in found if each.pid in waiting or each.parent in waiting]


def kill_now_and_then(function: str, seed: int, kills: int, stopped: Event) -> Counter[str]:
    """Kill a worker, or now and then a render process, every few seconds; what was killed."""
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    while killed.total() < kills and not stopped.wait(chance.uniform(*_EVERY_SECONDS)):
        kind, candidates = (
            ("render processes", render_processes(function))
            if chance.random() < 0.25
            else ("workers", workers(function))
        )
        if candidates:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(candidates).pid, signal.SIGKILL)
                killed[kind] += 1
    return killed
