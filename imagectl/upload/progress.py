"""What is seen while a run is running: two live bars on a terminal, else a line now and then."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from imagectl.output import duration, messages, size
from imagectl.upload.counters import Counters
from imagectl.upload_model import State

_LIVE_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 5.0


@contextmanager
def displayed(counters: Counters, *, quiet: bool = False) -> Iterator[None]:
    """Show the counters on standard error for the length of the block."""
    if quiet:
        yield
    elif messages.is_terminal:
        with _bars() as progress, _repeating(_drawing(progress, counters), _LIVE_SECONDS):
            yield
    else:
        with _repeating(lambda: _say(counters), _LINE_SECONDS, at_once=False):
            yield


def _say(counters: Counters) -> None:
    # What a run waits for has been said once, and an hour has many lines.
    if not counters.notice:
        messages.print(line(counters))


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


def _drawing(progress: Progress, counters: Counters) -> Callable[[], None]:
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

    return draw


def _sent(counters: Counters) -> str:
    left = counters.seconds_left
    parts = [
        f"{counters.done} of {counters.found}{'' if counters.counted else '+'} files",
        f"{size(counters.done_bytes)} of {size(counters.found_bytes)}",
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
