"""The tables of `docs/scale.md` and `docs/cost.md`, from the simulation and the price table."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from docs.generate.sections import DOCS, table, with_section
from imagectl.output import duration
from imagectl.planning.express import express_lane
from imagectl.planning.planner import Plan, plan
from imagectl.planning.quantities import dollars
from imagectl.planning.usage import Usage, direct_usage, usage
from imagectl.planning.workload import Workload
from pricing.prices import price_table

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR

MILLION: Final = Workload(images=1_000_000, within=_HOUR, arriving=0.9 * _HOUR)
HUNDRED_MILLION: Final = Workload(images=100_000_000, within=_DAY, arriving=0.9 * _DAY)
# A load, and its maxConcurrency where that is given.
_LOADS: Final[Mapping[str, tuple[Workload, int | None]]] = {
    "1 million in an hour": (MILLION, None),
    "the same, all uploaded in 5 minutes": (replace(MILLION, arriving=300.0), None),
    "the same spike, production's `maxConcurrency`": (replace(MILLION, arriving=300.0), 100),
    "the same spike, the default `maxConcurrency`": (replace(MILLION, arriving=300.0), 10),
    "100 million in a day": (HUNDRED_MILLION, None),
    "the same, all uploaded in 8 hours": (replace(HUNDRED_MILLION, arriving=8 * _HOUR), None),
    "100 million PNG of 24 megapixels in a day": (
        replace(HUNDRED_MILLION, format="png", megapixels=24),
        None,
    ),
}
_TYPICAL: Final = Workload(images=1000, within=_HOUR, arriving=_HOUR)
_CHANGES: Final[Mapping[str, Workload]] = {
    "the defaults": _TYPICAL,
    "one preset (`presets`)": replace(_TYPICAL, presets=1),
    "six presets (`presets`)": replace(_TYPICAL, presets=6),
    "half as much memory again (`resizeMemoryMiB` 2654)": replace(_TYPICAL, memory_mib=2654),
    "less than one CPU (`resizeMemoryMiB` 1024)": replace(_TYPICAL, memory_mib=1024),
    "one message a call: the express lane, or `batchSize` 1": replace(_TYPICAL, batch_size=1),
    "48-megapixel JPEG": replace(_TYPICAL, megapixels=48),
    "24-megapixel PNG": replace(_TYPICAL, megapixels=24, format="png"),
}

Rows = list[list[str]]


def documents() -> dict[Path, str]:
    """The documents on capacity and cost with their tables."""
    found = {}
    for name, tables in _TABLES.items():
        path = DOCS / name
        text = path.read_text("utf-8")
        for section, rows in tables.items():
            text = with_section(text, section, table(rows()))
        found[path] = text
    return found


@cache
def _planned(load: Workload, concurrency: int | None) -> Plan:
    return plan(load, concurrency)


def _loads() -> Rows:
    head = [
        "load",
        "`maxConcurrency`",
        "all done after",
        "oldest message",
        "waiting at most",
        "nearest limit",
    ]
    rows = [head]
    for name, (load, concurrency) in _LOADS.items():
        found = _planned(load, concurrency)
        first = found.limits[0]
        late = "" if found.in_time else " (too late)"
        rows.append(
            [
                name,
                str(found.concurrency),
                f"{duration(found.run.seconds)}{late}",
                duration(found.run.peak_oldest_seconds),
                f"{found.run.peak_waiting:,}",
                f"{first.name}: {first.share:.0%}",
            ]
        )
    return rows


def _express() -> Rows:
    rows = [["callers at once", "images", "`expressConcurrency`", "formula", "last image ready after"]]
    for callers, concurrency in ((1, 10), (10, 10), (100, 10), (100, 50)):
        lane = express_lane(_TYPICAL, callers=callers, allowance=30, concurrency=concurrency)
        rows.append(
            [
                str(callers),
                f"{callers * lane.allowance:,}",
                str(concurrency),
                duration(lane.bound_seconds),
                duration(lane.run.seconds),
            ]
        )
    return rows


def _limits() -> Rows:
    million, hundred = _planned(MILLION, None), _planned(HUNDRED_MILLION, None)
    of_million = {limit.name: limit for limit in million.limits}
    rows = [["limit", "allowed", "1 million in an hour", "100 million in a day", "above it", "more"]]
    for limit in hundred.limits:
        small = of_million[limit.name]
        rows.append(
            [
                f"[{limit.name}]({limit.source})",
                f"{limit.allowed:,.0f} {limit.unit}",
                f"{small.needed:,.0f} ({small.share:.0%})",
                f"{limit.needed:,.0f} ({limit.share:.0%})",
                limit.then,
                limit.more,
            ]
        )
    return rows


def _services() -> Rows:
    prices_by_region = price_table().regions
    head = ["service"]
    columns: list[Mapping[str, float]] = []
    for region, prices in prices_by_region.items():
        head += [region, f"{region}, S3 → Lambda directly"]
        columns += [usage(_TYPICAL).bill(prices), direct_usage(_TYPICAL).bill(prices)]
    services = sorted(columns[0], key=lambda name: -columns[0][name])
    rows = [[service, *(dollars(column[service] * 1000) for column in columns)] for service in services]
    total = ["**all, once**", *(f"**{dollars(sum(column.values()) * 1000)}**" for column in columns)]
    stored = [usage(_TYPICAL).storage(prices) for prices in prices_by_region.values() for _ in range(2)]
    kept = ["storage, each month", *(dollars(sum(column.values()) * 1000) for column in stored)]
    return [head, *rows, total, kept]


def _units() -> Rows:
    used, direct = usage(_TYPICAL), direct_usage(_TYPICAL)
    names: Mapping[str, Callable[[Usage], float]] = {
        "Lambda, GB-seconds": lambda each: each.lambda_gb_seconds,
        "Lambda, calls": lambda each: each.lambda_calls,
        "S3, PUT: the original and its variants": lambda each: each.bucket_puts,
        "S3, GET and HEAD": lambda each: each.bucket_gets,
        "DynamoDB, writing the row: announced, settled": lambda each: (
            each.table_writes_announcing + each.table_writes_settling
        ),
        "DynamoDB, counting against the quota": lambda each: each.quota_writes,
        "DynamoDB, writing the indexes: announced": lambda each: each.index_writes_announcing,
        "DynamoDB, writing the indexes: settled": lambda each: each.index_writes_settling,
        "DynamoDB, reads": lambda each: each.table_reads,
        "SQS, requests": lambda each: each.sqs_requests,
        "API Gateway, requests": lambda each: each.api_requests,
        "EventBridge, events": lambda each: each.events,
    }
    rows = [[name, f"{value(used):.3g}", f"{value(direct):.3g}"] for name, value in names.items()]
    return [["units of one image", "with the queue", "directly"], *rows]


def _changes() -> Rows:
    rows = [["what is different", "1,000 images", "of it Lambda", "of it S3 requests", "of it DynamoDB"]]
    prices = price_table().of("us-east-1")
    for name, load in _CHANGES.items():
        bill = usage(load).bill(prices)
        parts = [sum(bill.values()), bill["Lambda"], bill["S3 requests"], bill["DynamoDB"]]
        rows.append([name, *(dollars(part * 1000) for part in parts)])
    return rows


def _prices() -> Rows:
    dated = price_table()
    names = vars(next(iter(dated.regions.values())))
    rows = [
        [
            name.replace("_", " "),
            *(_plain(vars(prices)[name]) for prices in dated.regions.values()),
        ]
        for name in names
    ]
    return [[f"US dollars, {dated.date}", *dated.regions], *rows]


def _plain(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")


_TABLES: Final[Mapping[str, Mapping[str, Callable[[], Rows]]]] = {
    "scale.md": {"loads": _loads, "express": _express, "limits": _limits},
    "cost.md": {"services": _services, "units": _units, "changes": _changes, "prices": _prices},
}
