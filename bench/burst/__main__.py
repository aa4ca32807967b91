"""`make burst`: a spike with everything going wrong meanwhile, accounted for to the last object.

Prints the account, and exits with 0 only if it balances. With `--plot FILE` it writes the curves,
for `bench/burst/plot.py` to draw; with `--direct` it sends the same spike to the design without a
queue as well.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.burst.burst import CONFIG, Result, burst
from bench.burst.direct import DirectResult, without_queue
from bench.burst.spike import plan
from local.system import deployed


def main() -> int:
    """Run the burst; the process's exit status."""
    parser = argparse.ArgumentParser(prog="bench.burst", description=__doc__)
    parser.add_argument("--uploads", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.12, help="share of requests that fail")
    parser.add_argument("--kills", type=int, default=40, help="processes to kill")
    parser.add_argument("--plot", type=Path, help="file for the curves")
    parser.add_argument("--direct", action="store_true", help="compare with the design without a queue")
    given = parser.parse_args()
    spike = plan(given.uploads, given.seed)
    console = Console(width=110)
    with deployed(config=CONFIG) as system:
        result = burst(system, spike, seed=given.seed, rate=given.rate, kills=given.kills)
    show(console, given.uploads, result)
    if given.plot:
        given.plot.parent.mkdir(parents=True, exist_ok=True)
        given.plot.write_text(json.dumps({"uploads": given.uploads, **result.curves}))
    if given.direct:
        with deployed(config=CONFIG) as system:
            faults = {"seed": given.seed, "rate": given.rate, "kills": given.kills}
            compare(console, result, without_queue(system, spike, **faults))
    for name, found in complaints(result).items():
        print(f"figure {name} {len(found)}")
    return 0 if result.balances else 1


def complaints(result: Result) -> dict[str, tuple[str, ...]]:
    """What does not balance, by the name of its figure."""
    account = result.account
    return {
        "lost": account.lost,
        "doubled": account.doubled,
        "orphaned": account.orphaned,
        "stuck": account.stuck,
        "unannounced": result.unannounced,
    }


def show(console: Console, uploads: int, result: Result) -> None:
    """What went in, what went wrong, how it ended."""
    table = Table(title=f"{uploads} uploads in {result.seconds:.0f} s", box=None, header_style="bold")
    table.add_column("what")
    table.add_column("count", justify="right")
    wrong = {f"fault: {name}": count for name, count in sorted(result.faults.items())}
    killed = {f"killed: {name}": count for name, count in sorted(result.kills.items())}
    ended = {f"ended: {name}": count for name, count in sorted(result.outcomes.items())}
    rest = {
        "events of S3 delivered twice": result.duplicates,
        "dead letters": result.dead_letters,
        "events published": result.events,
        "events published again": result.repeated,
    }
    for name, count in {**wrong, **killed, **rest, **ended}.items():
        table.add_row(name, str(count))
    for name, found in complaints(result).items():
        table.add_row(name, str(len(found)), style="green" if not found else "red")
    console.print(table)
    for name, found in complaints(result).items():
        for sentence in found[:20]:
            console.print(f"{name}: {sentence}", markup=False)


def compare(console: Console, queued: Result, direct: DirectResult) -> None:
    """What the queue buys."""
    table = Table(title="the same spike with and without the queue", box=None, header_style="bold")
    table.add_column("")
    table.add_column("this design", justify="right")
    table.add_column("S3 → function", justify="right")
    account = queued.account
    table.add_row("lost", str(len(account.lost)), str(direct.lost))
    table.add_row("bad images nobody is notified of", "0", str(direct.untold))
    table.add_row("finished more than once", str(len(account.doubled)), str(direct.doubled))
    table.add_row("orphaned", str(len(account.orphaned)), str(direct.orphaned))
    table.add_row("calls throttled", "0", str(direct.throttled))
    peak = max((sample.environments for sample in queued.samples), default=0)
    table.add_row("peak concurrency", str(peak), str(direct.peak))
    table.add_row("seconds", f"{queued.seconds:.0f}", f"{direct.seconds:.0f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
