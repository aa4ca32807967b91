"""What is seen while a run is running: two live bars on a terminal, else a line now and then."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from imagectl.output import duration, messages, size
from imagectl.upload.counters import Tally
from imagectl.upload_model import State

_LIVE_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 5.0


@contextmanager
def displayed(tally: Tally, *, quiet: bool = False) -> Iterator[None]:
    """Show the tally on standard error for the length of the block."""
    if quiet:
        yield
    elif messages.is_terminal:
        with _bars() as progress, _repeating(_drawing(progress, tally), _LIVE_SECONDS):
            yield
    else:
        with _repeating(lambda: _say(tally), _LINE_SECONDS, at_once=False):
            yield


def _say(tally: Tally) -> None:
    # What a run waits for has been said once, and an hour has many lines.
    if not tally.notice:
        messages.print(line(tally))


def line(tally: Tally) -> str:
    """Where a run is, as one line."""
    return f"uploaded {_sent(tally)}; {_settled(tally)}"


def _bars() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        console=messages,
        transient=True,
    )


def _drawing(progress: Progress, tally: Tally) -> Callable[[], None]:
    sent = progress.add_task("uploading ", total=None, text="")
    settled = progress.add_task("rendering ", total=None, text="")

    def draw() -> None:
        everything = tally.found_bytes if tally.counted else None
        text = ", ".join(filter(None, (_sent(tally), tally.notice)))
        progress.update(sent, total=everything, completed=tally.done_bytes, text=text)
        images = tally.found - tally.same - tally.unsent
        completed = min(sum(tally.settled.values()), images)
        progress.update(
            settled, total=images if tally.counted else None, completed=completed, text=_settled(tally)
        )

    return draw


def _sent(tally: Tally) -> str:
    left = tally.seconds_left
    parts = [
        f"{tally.done} of {tally.found}{'' if tally.counted else '+'} files",
        f"{size(tally.done_bytes)} of {size(tally.found_bytes)}",
        f"{size(tally.bytes_a_second)}/s",
        *([f"{duration(left)} left"] if left and not tally.notice else []),
    ]
    return ", ".join(parts)


def _settled(tally: Tally) -> str:
    counts = {state: tally.settled.get(state, 0) for state in (State.READY, State.REJECTED, State.FAILED)}
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
