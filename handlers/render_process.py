"""Rendering in a process of its own, so that one image cannot take its neighbours."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from handlers import rejections
from handlers.frames import BrokenFrame, read_frame, write_frame
from handlers.presets import Limits, Preset
from handlers.rejections import RenderCrashed, RenderTimedOut
from handlers.renderings import Facts, Rendered, Variant

_TRIES: Final = 2
_START_SECONDS: Final = 20.0
# What the interpreter and its libraries need to start; nothing that names an account or a key.
_INHERITED: Final = ("LD_LIBRARY_PATH", "PATH", "TZ")
_PR_SET_DUMPABLE: Final = 4


class RenderProcessNotStarted(Exception):
    """The render process did not start. No image is at fault, so this is retried."""


class RenderFailed(Exception):
    """The renderer raised what it should not. No image is at fault, so this is retried."""


class RenderStalled(Exception):
    """The render process did not answer in time, without having used the time of a processor.

    The machine is at fault and no image, so this is retried.
    """


def conceal() -> None:
    """Close this process's memory and environment, with the credentials in them, to its children.

    They run as the same user, to whom `/proc/PID/environ` and `/proc/PID/mem` are open otherwise.
    https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class RenderProcess:
    """Renders in a child process that is started once and again whenever it dies.

    One image at a time: callers wait for each other. One try to render may take `cpu_seconds` of
    a processor's time, and `wall_seconds` must be more than that; `memory_bytes` bounds the
    child's address space. `command` is what the child runs, with `memory_bytes` as its argument.
    """

    def __init__(
        self,
        *,
        cpu_seconds: int,
        wall_seconds: float,
        memory_bytes: int,
        command: Sequence[str] = (sys.executable, "-m", "handlers.render_child"),
    ) -> None:
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._command = [*command, str(memory_bytes)]
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ready = False

    def render(self, data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
        """Render every preset of one original, as `handlers.images.render` does.

        Raises ImageRejected, which for an image that ends the child or overruns its time twice is
        RenderCrashed or RenderTimedOut; RenderFailed, RenderStalled or RenderProcessNotStarted for
        what is no image's fault.
        """
        request = {
            "presets": [asdict(preset) for preset in presets],
            "limits": asdict(limits),
            "cpuSeconds": self._cpu_seconds,
        }
        with self._lock:
            for tries_left in reversed(range(_TRIES)):
                try:
                    answer, payload = self._ask(request, data)
                except (RenderCrashed, RenderTimedOut):
                    if not tries_left:
                        raise
                else:
                    return _rendered(answer, payload, presets)
        raise AssertionError("a try either returns or raises")

    def start(self) -> None:
        """Start the child without waiting for it; the first rendering waits."""
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._ready = False
        self._child = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def stop(self) -> None:
        """End the child, whatever it is doing."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            assert stream
            with contextlib.suppress(BrokenPipeError):  # what was not yet written went with the child
                stream.close()
        self._child = None

    def _ask(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        child = self._started()
        assert child.stdin
        assert child.stdout
        with _deadline(child, self._wall_seconds) as overrun:
            try:
                write_frame(child.stdin, request, data)
                return read_frame(child.stdout)
            except (OSError, BrokenFrame) as error:
                code = child.wait()
                self.stop()
                if overrun.is_set():
                    raise RenderStalled(f"no answer in {self._wall_seconds:g} s") from error
                if code == -signal.SIGXCPU:
                    raise RenderTimedOut(f"more than {self._cpu_seconds} s") from error
                raise RenderCrashed(_ending(code)) from error

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.stop()
            self.start()
        assert self._child
        assert self._child.stdout
        if not self._ready:
            with _deadline(self._child, _START_SECONDS):
                try:
                    read_frame(self._child.stdout)
                except BrokenFrame as error:
                    ending = _ending(self._child.wait())
                    self.stop()
                    raise RenderProcessNotStarted(f"the render process ended: {ending}") from error
            self._ready = True
        return self._child


@contextlib.contextmanager
def _deadline(child: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the child unless the block ends in time; the event then says so."""
    overrun = threading.Event()

    def kill() -> None:
        overrun.set()
        child.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield overrun
    finally:
        timer.cancel()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _rendered(answer: dict[str, Any], payload: bytes, presets: Sequence[Preset]) -> Rendered:
    if answer["outcome"] == "rejected":
        raise rejections.named(answer["reason"], answer["measured"])
    if answer["outcome"] == "failed":
        raise RenderFailed(answer["error"])
    known = {preset.name: preset for preset in presets}
    variants = {}
    start = 0
    for variant in answer["variants"]:
        end = start + variant["bytes"]
        variants[variant["preset"]] = Variant(
            preset=known[variant["preset"]],
            data=payload[start:end],
            width=variant["width"],
            height=variant["height"],
        )
        start = end
    return Rendered(facts=Facts(**answer["facts"]), variants=variants)
