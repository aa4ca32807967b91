"""Rendering in processes of its own, so that one image cannot take its neighbours or what follows it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import IO, Any, Final

from handlers.contract.presets import Limits, Preset
from handlers.contract.rejections import RenderCrashed, RenderFailed, RenderTimedOut
from handlers.rendering.result import Rendered
from handlers.rendering.sandbox import answer_checks
from handlers.rendering.sandbox.protocol import READY, STATUS, BrokenFrame, read_frame, write_frame

_TRIES: Final = 2
# How long a process may still be there once its answer has turned out to be none.
_END_SECONDS: Final = 1.0
# What the interpreter and its libraries need to start; nothing that names an account or a key.
_INHERITED: Final = ("LD_LIBRARY_PATH", "PATH", "TZ")


class RenderProcessNotStarted(Exception):
    """The render process did not start. No image is at fault, so this is retried."""


class RendererBroken(Exception):
    """The renderer does not even render a picture of its own, or lacks a part. This is retried."""


class RenderStalled(Exception):
    """The render process did not answer in time, without having used the time of a processor.

    The machine is at fault and no image, so this is retried.
    """


class RenderProcess:
    """Renders each image in a separate process, forked from one that is started once and waits.

    One image at a time: callers wait for each other. One try to render may take `cpu_seconds` of a
    processor's time; all that is done for one image, a second try and a new start included, takes at most
    `wall_seconds`. `memory_bytes` bounds the address space of each process. `command` is what waits for
    images, with `memory_bytes` and the number of its control socket as its arguments.
    """

    def __init__(
        self,
        *,
        cpu_seconds: float,
        wall_seconds: float,
        memory_bytes: int,
        command: Sequence[str] = (sys.executable, "-m", "handlers.rendering.sandbox.child"),
    ) -> None:
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._command = command
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._waiting: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False

    def render(self, data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
        """Render every preset of one original, as `handlers.rendering.render.render` does.

        Raises ImageRejected, which for an image that does it twice is RenderCrashed (it ends its process,
        or makes it answer nonsense), RenderTimedOut or RenderFailed (it raises what the renderer never
        should, the second time after a picture that is known to be good); RendererBroken, RenderStalled or
        RenderProcessNotStarted for what is no image's fault.
        """
        request = {
            "presets": [asdict(preset) for preset in presets],
            "limits": asdict(limits),
            "cpuSeconds": self._cpu_seconds,
        }
        with self._lock:
            until = time.monotonic() + self._wall_seconds
            failure: Exception | None = None
            for _ in range(_TRIES):
                try:
                    answer, payload = self._ask(
                        {**request, "checked": failure is not None},
                        data,
                        max_bytes=answer_checks.max_answer_bytes(presets),
                        until=until,
                    )
                    return _outcome(answer, payload, presets, limits)
                except (RenderCrashed, RenderTimedOut, RenderFailed, RenderProcessNotStarted) as again:
                    failure = again
                if time.monotonic() >= until:  # all of it is gone
                    break
            assert failure
            raise failure

    def start(self) -> None:
        """Start the waiting process without waiting for it; the first rendering waits."""
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._ready = False
        self._control, theirs = socket.socketpair()
        with theirs:
            self._waiting = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
                [*self._command, str(self._memory_bytes), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def stop(self) -> None:
        """End the waiting process and all it has started, whatever they are doing."""
        if self._waiting is None or self._control is None:
            return
        self._kill()
        self._waiting.wait()
        self._control.close()
        self._waiting = self._control = None

    def _kill(self) -> None:
        assert self._waiting
        with contextlib.suppress(ProcessLookupError):  # it and all it started are gone
            os.killpg(self._waiting.pid, signal.SIGKILL)  # it leads its group, which no other can leave

    def _ask(
        self, request: dict[str, Any], data: bytes, *, max_bytes: int, until: float
    ) -> tuple[dict[str, Any], bytes]:
        """What a process forked for it answers to one request, if it ends well after that."""
        control = self._started(until)
        with _pipe() as (their_requests, requests), _pipe() as (answers, their_answers):
            # Where nobody is there any more, no answer says so as well.
            with their_requests, their_answers, contextlib.suppress(OSError):
                socket.send_fds(control, [b"i"], [their_requests.fileno(), their_answers.fileno()])
            answer, wrong = None, ""
            with self._killed_at(until) as overrun:
                try:
                    with requests:
                        write_frame(requests, request, data)
                    answer = read_frame(answers, max_bytes)
                except (OSError, BrokenFrame) as error:
                    wrong = str(error)
                status = self._status(control, until if answer else time.monotonic() + _END_SECONDS)
                if status == 0 and answer and answers.read(1):
                    wrong = "more than an answer"
        if status == 0 and answer and not wrong:
            return answer
        if status is None:
            assert self._waiting
            gone = not overrun.is_set() and self._waiting.poll() is not None
            self.stop()
            if gone:  # no image reaches it, so something else has ended it
                raise RenderProcessNotStarted("the waiting process has ended")
        if overrun.is_set() and not answer:
            raise RenderStalled(f"no answer in {self._wall_seconds:g} s")
        if status in {-signal.SIGPROF, -signal.SIGXCPU}:
            raise RenderTimedOut(f"more than {self._cpu_seconds:g} s")
        raise RenderCrashed(_ending(status) if status else wrong or "it did not end")

    def _status(self, control: socket.socket, until: float) -> int | None:
        """How the process of an image ended; None if it does not by then, or nobody is left to say so."""
        control.settimeout(max(_END_SECONDS, until - time.monotonic()))
        try:
            said = control.recv(STATUS.size)
        except OSError:
            return None
        return int(STATUS.unpack(said)[0]) if len(said) == STATUS.size else None

    def _started(self, until: float) -> socket.socket:
        if self._waiting is None or self._waiting.poll() is not None:
            self.stop()
            self.start()
        assert self._waiting
        assert self._control
        if not self._ready:
            self._control.settimeout(max(0.001, until - time.monotonic()))
            try:
                self._ready = self._control.recv(len(READY)) == READY
            except TimeoutError as error:
                raise RenderProcessNotStarted("it is not ready yet") from error
            if not self._ready:
                ending = _ending(self._waiting.wait())
                self.stop()
                raise RenderProcessNotStarted(f"the render process ended: {ending}")
        return self._control

    @contextlib.contextmanager
    def _killed_at(self, until: float) -> Iterator[threading.Event]:
        """Kill all that renders unless the block ends in time; the event then says so."""
        overrun = threading.Event()

        def kill() -> None:
            overrun.set()
            self._kill()

        timer = threading.Timer(until - time.monotonic(), kill)
        timer.daemon = True
        timer.start()
        try:
            yield overrun
        finally:
            timer.cancel()


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reader, os.fdopen(write, "wb") as writer:
        yield reader, writer


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _outcome(answer: dict[str, Any], payload: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
    try:
        match answer.get("outcome"):
            case "rendered":
                return answer_checks.rendered(answer, payload, presets, limits)
            case "rejected":
                raise answer_checks.rejection(answer)
            case "broken":
                raise RendererBroken(answer_checks.error(answer))
            case _:
                raise RenderFailed(answer_checks.error(answer))
    except BrokenFrame as error:
        raise RenderCrashed(f"it answered with {error}") from error
