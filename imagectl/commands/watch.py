"""`imagectl watch`."""

import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from imagectl.operations.live_metrics import OUTCOMES, Figures, LaneFigures, Observer
from imagectl.operations.stack import DeployedStack
from imagectl.output import duration, results


def watch(
    *,
    target: DeployedStack,
    interval: Annotated[float, typer.Option(min=0.2, metavar="SECONDS", help="Seconds between updates.")] = 2,
    once: Annotated[bool, typer.Option("--once", help="Show the state once, then exit.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line for each update.")
    ] = False,
) -> None:
    """Watch both lanes: depth, age, throughput and dead letters. Ctrl-C ends it.

    Throughput and age come from CloudWatch, about two minutes late. Where CloudWatch has no metrics,
    they come from the function's log of the last minute and an estimate, and the output says so.
    """
    looks = _looks(Observer(target), interval, once=once)
    live = results.is_terminal and not as_json and not once
    try:
        if live:
            with Live(console=results, auto_refresh=False) as screen:
                for figures in looks:
                    screen.update(_table(figures), refresh=True)
        else:
            for figures in looks:
                results.out(figures.as_json() if as_json else _line(figures))
    except KeyboardInterrupt:
        return


def _looks(observer: Observer, interval: float, *, once: bool) -> Iterator[Figures]:
    while True:
        yield observer.look()
        if once:
            return
        time.sleep(interval)


def _age(lane: LaneFigures) -> str:
    if lane.oldest_seconds is None:
        return "unknown"
    about = "about " if lane.estimated and lane.oldest_seconds else ""
    return f"{about}{duration(lane.oldest_seconds)}"


def _line(figures: Figures) -> str:
    lanes = "; ".join(
        f"{name}: {lane.waiting} waiting, {lane.in_flight} in flight, {lane.delayed} delayed, "
        f"oldest {_age(lane)}"
        for name, lane in figures.lanes.items()
    )
    speeds = ", ".join(f"{figures.a_second[outcome]:.1f} {outcome}/s" for outcome in OUTCOMES)
    return f"{lanes}; {speeds}, {figures.dead} dead letters"


def _table(figures: Figures) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim")
    for _ in figures.lanes:
        table.add_column(justify="right")
    table.add_column(style="dim")
    lanes = figures.lanes.values()
    table.add_row("", *figures.lanes)
    table.add_row("waiting", *(f"{lane.waiting}" for lane in lanes))
    table.add_row("in flight", *(f"{lane.in_flight}" for lane in lanes))
    table.add_row("delayed", *(f"{lane.delayed}" for lane in lanes))
    estimated = any(lane.estimated for lane in lanes)
    source = "estimated from depth and speed" if estimated else "from CloudWatch"
    table.add_row("oldest", *map(_age, lanes), source)
    for outcome in OUTCOMES:
        table.add_row(outcome, "", f"{figures.a_second[outcome]:.1f}/s")
    table.add_row("dead letters", "", Text(str(figures.dead), style="bold red" if figures.dead else ""))
    table.add_row("", "", "", f"rates of a minute, from {figures.source}; Ctrl-C ends")
    return table
