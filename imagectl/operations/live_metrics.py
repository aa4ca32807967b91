"""What a stack is doing: how deep its queues are, how old the oldest uploads are, how fast it goes.

The queue reports its depth at once. CloudWatch reports the age of the oldest messages and the function's
own metrics, two minutes late. Where it does not (an emulator keeps no metrics), the outcomes are
counted in the function's log, and the age is estimated from depth and speed.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any, Final

from handlers.contract.keys import Lane
from imagectl.operations.queues import depth
from imagectl.operations.stack import DeployedStack

OUTCOMES: Final = ("done", "rejected", "resent", "retry", "deferred")
# What the function calls its metrics, as handlers.resize.telemetry writes them.
_METRICS: Final = {
    "done": "Done",
    "rejected": "Rejected",
    "resent": "Resent",
    "retry": "Retried",
    "deferred": "Deferred",
}
_MINUTE: Final = 60
# The newest minute is not complete, the one before often not either.
_LOOK_BACK_MINUTES: Final = 5


@dataclass(frozen=True, kw_only=True)
class LaneFigures:
    """The messages of a lane. `oldest_seconds` is None where it is unknown; `estimated` if it follows from
    depth and speed.
    """

    waiting: int
    in_flight: int
    delayed: int
    oldest_seconds: float | None
    estimated: bool


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One look at a stack.

    `a_second` has each outcome's rate over the `seconds` before, of both lanes together; `source` is
    `metrics` or `logs`.
    """

    lanes: Mapping[Lane, LaneFigures]
    dead: int
    a_second: Mapping[str, float]
    seconds: float
    source: str

    def as_json(self) -> str:
        """The figures for programs."""
        return json.dumps(asdict(self))


class Observer:
    """Looks at a stack again and again; `clock` returns seconds since 1970."""

    def __init__(self, stack: DeployedStack, *, clock: Callable[[], float] = time.time) -> None:
        self._stack = stack
        self._clock = clock
        self._cloudwatch = stack.client("cloudwatch")
        self._logs = stack.client("logs")
        self._queues: dict[Lane, str] = {"express": stack.express_queue_url, "bulk": stack.queue_url}

    def look(self) -> Figures:
        """The figures of now."""
        dead = depth(self._stack.sqs, self._stack.dead_letter_url)
        ages, rates = self._metrics()
        source, seconds = "metrics", float(_MINUTE)
        if rates is None:
            source = "logs"
            rates = self._from_logs()
        speed = rates["done"] + rates["rejected"]
        return Figures(
            lanes={lane: self._lane(url, ages.get(lane), speed) for lane, url in self._queues.items()},
            dead=dead.total,
            a_second=rates,
            seconds=seconds,
            source=source,
        )

    def _lane(self, url: str, age: float | None, speed: float) -> LaneFigures:
        queue = depth(self._stack.sqs, url)
        estimated = age is None
        if age is None:
            age = 0.0 if not queue.total else queue.total / speed if speed else None
        return LaneFigures(
            waiting=queue.waiting,
            in_flight=queue.in_flight,
            delayed=queue.delayed,
            oldest_seconds=None if age is None else round(age, 1),
            estimated=estimated,
        )

    def _metrics(self) -> tuple[dict[Lane, float], dict[str, float] | None]:
        """Age of the oldest message of each lane where it is kept, and rates of the newest complete
        minute; None if they are not kept.
        """
        environment = self._stack.environment
        namespace = environment.get("POWERTOOLS_METRICS_NAMESPACE", "")
        service = environment.get("POWERTOOLS_SERVICE_NAME", "")
        queries = [
            _query(
                lane, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName=url.rpartition("/")[2]
            )
            for lane, url in self._queues.items()
        ]
        for outcome, metric in _METRICS.items():
            queries.append(_query(outcome, namespace, metric, "Sum", service=service))
        now = self._clock()
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=queries,
            StartTime=now - now % _MINUTE - _LOOK_BACK_MINUTES * _MINUTE,
            EndTime=now - now % _MINUTE,
            ScanBy="TimestampDescending",
        )
        found = {each["Id"]: each for each in answer["MetricDataResults"]}
        values = {lane: found.get(lane, {}).get("Values", []) for lane in self._queues}
        ages = {lane: float(newest) for lane, (newest, *_) in filter(itemgetter(1), values.items())}
        stamps = [stamp for outcome in OUTCOMES for stamp in found.get(outcome, {}).get("Timestamps", [])]
        if not stamps:
            # With a known age the metrics are kept, and there is nothing to count.
            return ages, dict.fromkeys(OUTCOMES, 0.0) if ages else None
        newest = max(stamps)
        rates = {outcome: _at(found.get(outcome, {}), newest) / _MINUTE for outcome in OUTCOMES}
        return ages, rates

    def _from_logs(self) -> dict[str, float]:
        """Rates of the last minute, counted in the function's log."""
        group = self._stack.configuration.get("LoggingConfig", {}).get("LogGroup")
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group or f"/aws/lambda/{self._stack.function}",
            startTime=round((self._clock() - _MINUTE) * 1000),
            filterPattern='"outcome"',
        )
        counts: Counter[str] = Counter()
        try:
            for page in pages:
                counts.update(filter(None, (_outcome(event["message"]) for event in page["events"])))
        except self._logs.exceptions.ResourceNotFoundException:
            pass  # the function has never run
        return {outcome: counts[outcome] / _MINUTE for outcome in OUTCOMES}


def _query(id_: str, namespace: str, metric: str, statistic: str, **dimensions: str) -> dict[str, Any]:
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": _MINUTE,
            "Stat": statistic,
        },
    }


def _at(series: Mapping[str, Any], stamp: object) -> float:
    return float(dict(zip(series.get("Timestamps", []), series.get("Values", []), strict=True)).get(stamp, 0))


def _outcome(line: str) -> str | None:
    try:
        fields = json.loads(line[line.index("{") :])
    except ValueError:
        return None
    outcome = fields.get("outcome") if isinstance(fields, dict) else None
    return outcome if outcome in OUTCOMES else None
