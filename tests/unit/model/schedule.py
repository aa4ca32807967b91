"""Workers that are stopped before everything they do to the world, and go on when they are told to."""

import threading
from collections.abc import Callable
from typing import Any, Literal

from botocore.exceptions import ClientError

# What becomes of one call: it is done; it is refused; it is done but its answer gets lost; or the
# process ends before or after it.
Fate = Literal["done", "refused", "answer lost", "killed before", "killed after"]


class Killed(BaseException):
    """The worker's process ended. No handler of exceptions sees that, so it is no `Exception`."""


class Task:
    """Work in a thread of its own that moves only inside of `step`, one call at a time.

    `work` gets the task, to pass its calls through `io`. It may use further threads, as long as
    one at a time is at work.
    """

    def __init__(self, work: Callable[["Task"], object]) -> None:
        self.finished = False
        self._fate: Fate = "done"
        self._dead = False
        self._failure: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        threading.Thread(target=self._run, args=[work], daemon=True).start()
        self._wait()

    def step(self, fate: Fate = "done") -> None:
        """Let the next call happen, and the work go on until it is before another one or ends."""
        assert not self.finished
        self._fate = fate
        self._go.release()
        self._wait()

    def kill(self) -> None:
        """End the work here."""
        while not self.finished:
            self.step("killed before")

    def io(self, call: Callable[[], Any]) -> Any:
        """Wait until it is this call's turn. Called from whichever thread is at work."""
        if self._dead:
            raise Killed
        self._stopped.release()
        self._go.acquire()
        fate = self._fate
        self._dead = fate.startswith("killed")
        if fate == "killed before":
            raise Killed
        if fate == "refused":
            raise _throttled()
        answer = call()
        if fate == "killed after":
            raise Killed
        if fate == "answer lost":
            raise _throttled()
        return answer

    def _run(self, work: Callable[["Task"], object]) -> None:
        try:
            work(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the test sees it
            self._failure = error
        finally:
            self.finished = True
            self._stopped.release()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=30), "the work neither ends nor asks for anything"
        if self._failure:
            raise self._failure


class Gate:
    """An AWS client whose every call waits for its turn."""

    def __init__(self, client: Any, task: Task) -> None:
        self._client = client
        self._task = task

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call = getattr(self._client, operation)
        return lambda **parameters: self._task.io(lambda: call(**parameters))


def _throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Operation")
