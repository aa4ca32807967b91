"""What is seen while a run is running: two live bars on a terminal, else a line now and then."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from imagectl.contact import Contact, Silence
from imagectl.output import clock, duration, messages, shown, size
from imagectl.upload.counters import Counters
from imagectl.upload_model import State

_LIVE_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5


@contextmanager
def displayed(counters: Counters, contact: Contact, *, quiet: bool = False) -> Iterator[None]:
    """Show the counters on standard error for the length of the block, and that nothing answers.

    When `quiet`, only the latter.
    """
    if messages.is_terminal and not quiet:
        with _bars() as progress, _repeating(_drawing(progress, counters, contact), _LIVE_SECONDS):
            yield
    else:
        lines = _Lines(counters, contact, quiet=quiet)
        with _repeating(lines.look, _LOOK_SECONDS, at_once=False):
            yield
        lines.look()


class _Lines:
    """A line every few seconds, and at once when nothing answers any more, or something does again."""

    def __init__(self, counters: Counters, contact: Contact, *, quiet: bool) -> None:
        self._counters = counters
        self._contact = contact
        self._quiet = quiet
        self._silence: Silence | None = None
        self._said = time.monotonic()

    def look(self) -> None:
        """Print what is due."""
        silence, before = self._contact.silence(), self._silence
        self._silence = silence
        if bool(silence) != bool(before):
            self._say(sentence(silence) if silence else "there are answers again")
        elif time.monotonic() - self._said >= _LINE_SECONDS:
            self._say(sentence(silence) if silence else self._progress())

    def _progress(self) -> str:
        # What a run waits for has been said once, and an hour has many lines.
        return "" if self._quiet or self._counters.notice else line(self._counters)

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        if text:
            messages.print(text)


def sentence(silence: Silence) -> str:
    """What is waited for, since when, and when the next try is."""
    since = datetime.fromtimestamp(silence.since).astimezone()
    failure = f" ({silence.failure})" if silence.failure else ""
    again = "" if silence.again_in is None else f"; next try in {duration(max(1, silence.again_in))}"
    return f"no answer from {silence.whom} since {clock(since, seconds=True)}{failure}{again}"


def line(counters: Counters) -> str:
    """Where a run is, as one line."""
    return f"uploaded {_sent(counters)}; {_settled(counters)}"


def _bars() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        console=messages,
        transient=True,
    )


def _drawing(progress: Progress, counters: Counters, contact: Contact) -> Callable[[], None]:
    waiting = progress.add_task("waiting   ", total=None, text="", visible=False)
    sent = progress.add_task("uploading ", total=None, text="")
    settled = progress.add_task("rendering ", total=None, text="")

    def draw() -> None:
        everything = counters.found_bytes if counters.counted else None
        text = ", ".join(filter(None, (_sent(counters), counters.notice)))
        progress.update(sent, total=everything, completed=counters.done_bytes, text=text)
        images = counters.found - counters.same - counters.unsent
        completed = min(sum(counters.settled.values()), images)
        progress.update(
            settled, total=images if counters.counted else None, completed=completed, text=_settled(counters)
        )
        silence = contact.silence()
        progress.update(
            waiting, visible=silence is not None, text=shown(sentence(silence)) if silence else ""
        )

    return draw


def _sent(counters: Counters) -> str:
    left = counters.seconds_left
    parts = [
        f"{counters.done} of {counters.found}{'' if counters.counted else '+'} files",
        f"{size(counters.done_bytes)} of {size(counters.found_bytes)}",
        *([f"{size(counters.moving_bytes)} on their way"] if counters.moving_bytes > 0 else []),
        f"{size(counters.bytes_a_second)}/s",
        *([f"{duration(left)} left"] if left and not counters.notice else []),
    ]
    return ", ".join(parts)


def _settled(counters: Counters) -> str:
    counts = {state: counters.settled.get(state, 0) for state in (State.READY, State.REJECTED, State.FAILED)}
    shown = [f"{count} {state}" for state, count in counts.items() if count or state is State.READY]
    return ", ".join(shown)


@contextmanager
def _repeating(act: Callable[[], None], seconds: float, *, at_once: bool = True) -> Iterator[None]:
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(seconds):
            act()

    if at_once:
        act()
    thread = threading.Thread(target=repeat, name="display", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
