"""`imagectl plan`."""

import json
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Final, TypeVar

import typer
from rich import box
from rich.table import Table

from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue
from imagectl.output import duration, results
from imagectl.planning.express import ExpressLane, express_lane
from imagectl.planning.planner import LEAST, MOST, Plan
from imagectl.planning.planner import plan as planned
from imagectl.planning.quantities import dollars, number_of, seconds_of
from imagectl.planning.workload import ONE_VCPU_MIB, Workload
from pricing.prices import PriceTable, UnknownRegion, price_table

_Value = TypeVar("_Value")
# Unless it is said otherwise, the last image is uploaded when a tenth of the time is left.
_ARRIVING: Final = 0.9


class Format(StrEnum):
    """The formats whose rendering time is known."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


def plan(
    *,
    images: Annotated[str, typer.Option(metavar="N", help="Number of images: 50000, 20k, 1M.")],
    within: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Time from the first upload until all are done: 1h, 1d, 90m."),
    ],
    arriving: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Time over which the uploads are spread evenly. [default: 9/10 of --within]",
        ),
    ] = None,
    megapixels: Annotated[float, typer.Option(min=0.01, help="Of a typical original.")] = 12,
    format_: Annotated[Format, typer.Option("--format", help="Of a typical original.")] = Format.JPEG,
    concurrency: Annotated[
        int | None,
        typer.Option(min=LEAST, max=MOST, help="Simulate this maxConcurrency."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="The stack's batchSize.")] = 10,
    window: Annotated[float, typer.Option(min=0, max=300, help="The stack's batchingWindowSeconds.")] = 1,
    memory: Annotated[
        int, typer.Option(min=1024, max=10_240, help="The stack's resizeMemoryMiB.")
    ] = ONE_VCPU_MIB,
    presets: Annotated[int, typer.Option(min=1, max=16, help="Number of presets of the stack.")] = 3,
    express_concurrency: Annotated[
        int, typer.Option(min=LEAST, max=MOST, help="The stack's expressConcurrency.")
    ] = 10,
    express_per_hour: Annotated[
        int, typer.Option(min=0, max=10_000, help="The stack's expressPerHour; 0 for no express lane.")
    ] = 30,
    express_callers: Annotated[
        int,
        typer.Option(min=1, help="Callers who send all their express images at the same moment."),
    ] = 10,
    seconds_an_image: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds per image in the stack (its metric RecordTime), if known."),
    ] = None,
    region: Annotated[str, typer.Option(help="Region whose prices apply.")] = "eu-central-1",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with the curve.")] = False,
) -> None:
    """Calculate what a load needs and costs: concurrency, delay, limits, bill. Works offline.

    The queues of both lanes, the way Lambda scales and the function are simulated. The exit code is 0 only if
    everything is done in time and no limit is exceeded.
    """
    deadline = _parsed(seconds_of, within, "--within")
    load = Workload(
        images=_parsed(number_of, images, "--images"),
        within=deadline,
        arriving=_parsed(seconds_of, arriving, "--arriving") if arriving else _ARRIVING * deadline,
        megapixels=megapixels,
        format=format_.value,
        presets=presets,
        batch_size=batch_size,
        window_seconds=window,
        memory_mib=memory,
        seconds_an_image=seconds_an_image,
    )
    table = price_table()
    try:
        table.of(region)
    except UnknownRegion as error:
        raise CannotContinue(str(error), f"It has {', '.join(table.regions)}.") from error
    express = None
    if express_per_hour:
        express = express_lane(
            load, callers=express_callers, allowance=express_per_hour, concurrency=express_concurrency
        )
    found = planned(load, concurrency, express=express.run.peak_busy if express else 0)
    if as_json:
        results.out(json.dumps(_document(found, express, table, region)))
    else:
        _print(found, express, table, region)
    if not found.in_time or found.limits[0].share > 1:
        raise typer.Exit(EXIT_NOT_ALL_READY)


def _parsed(parse: Callable[[str], _Value], text: str, option: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _document(found: Plan, express: ExpressLane | None, table: PriceTable, region: str) -> dict[str, object]:
    run = asdict(found.run)
    bill = found.used.bill(table.of(region))
    return {
        "images": found.load.images,
        "maxConcurrency": found.concurrency,
        "uploadsPerHour": found.load.most_in_an_hour,
        "uploadBytesPerHour": found.load.most_in_an_hour * found.load.original_bytes,
        "batchSize": found.load.batch_size,
        "inTime": found.in_time,
        "drainSeconds": run["seconds"],
        "oldestSeconds": run["peak_oldest_seconds"],
        "peakWaiting": run["peak_waiting"],
        "peakBusy": run["peak_busy"],
        "calls": run["calls"],
        "express": express
        and {
            "callers": express.callers,
            "expressPerHour": express.allowance,
            "expressConcurrency": express.concurrency,
            "aloneSeconds": express.alone_seconds,
            "boundSeconds": express.bound_seconds,
            "lastSeconds": express.run.seconds,
        },
        "limits": [asdict(limit) | {"share": limit.share} for limit in found.limits],
        "dollars": {name: each * found.load.images for name, each in bill.items()},
        "prices": {"region": region, "date": table.date, "sources": table.sources},
        "curve": run["samples"],
    }


def _print(found: Plan, express: ExpressLane | None, table: PriceTable, region: str) -> None:
    load, run = found.load, found.run
    late = "" if found.in_time else f"  NOT within {duration(load.within)}"
    results.print(
        f"maxConcurrency {found.concurrency}, batchSize {load.batch_size}: "
        f"{load.render_seconds:.2f} s an image, "
        f"{found.concurrency * load.rate_of_one:,.0f} images/s at most",
        f"all done after {duration(run.seconds)}{late}",
        f"oldest message {duration(run.peak_oldest_seconds)}, {run.peak_waiting:,} waiting at most, "
        f"{run.peak_busy} calls at once, {run.calls:,} calls",
        f"uploadsPerHour {load.most_in_an_hour}, uploadBytesPerHour "
        f"{load.most_in_an_hour * load.original_bytes}, if one caller announces them all",
        _express(express),
        "",
        sep="\n",
    )
    grid = Table("limit", "needed", "allowed", "", "used", box=box.SIMPLE_HEAD)
    for limit in found.limits:
        broken = "BREAKS" if limit.share > 1 else ""
        grid.add_row(
            limit.name,
            f"{limit.needed:,.0f}",
            f"{limit.allowed:,.0f}",
            limit.unit,
            f"{limit.share:.0%} {broken}",
        )
    results.print(grid)
    first = found.limits[0]
    results.print(f"{first.name} is what breaks first. Above it: {first.then}. More: {first.more}.")
    results.print()
    bill = found.used.bill(table.of(region))
    grid = Table("service", "1,000 images", f"{load.images:,} images", box=box.SIMPLE_HEAD)
    for service, each in sorted(bill.items(), key=lambda item: -item[1]):
        grid.add_row(service, dollars(each * 1000), dollars(each * load.images))
    grid.add_row("all", dollars(sum(bill.values()) * 1000), dollars(sum(bill.values()) * load.images))
    results.print(grid)
    results.print(f"List prices of {region}, {table.date}, without storage and transfer.")


def _express(express: ExpressLane | None) -> str:
    if express is None:
        return "no express lane: a single image waits behind all the others"
    return (
        f"express: {duration(express.alone_seconds)} for an image alone; "
        f"{duration(express.run.seconds)} for the last, if {express.callers} callers send "
        f"{express.allowance} each at once (expressConcurrency {express.concurrency})"
    )
