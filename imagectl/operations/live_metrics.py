"""What a stack is doing: how deep its queues are, how old the oldest upload is, how fast it goes.

The queue reports its depth at once. CloudWatch reports the age of the oldest message and the function's
own metrics, two minutes late. Where it does not (an emulator keeps no metrics), the outcomes are
counted in the function's log, and the age is estimated from depth and speed.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

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
class Figures:
    """One look at a stack.

    `oldest_seconds` is None where it is unknown; `estimated` if it follows from depth and speed.
    `a_second` has each outcome's rate over the `seconds` before; `source` is `metrics` or `logs`.
    """

    waiting: int
    in_flight: int
    delayed: int
    dead: int
    oldest_seconds: float | None
    estimated: bool
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

    def look(self) -> Figures:
        """The figures of now."""
        queue = depth(self._stack.sqs, self._stack.queue_url)
        dead = depth(self._stack.sqs, self._stack.dead_letter_url)
        age, rates = self._metrics()
        source, seconds = "metrics", float(_MINUTE)
        if rates is None:
            source = "logs"
            rates = self._from_logs()
        speed = rates["done"] + rates["rejected"]
        estimated = age is None
        if age is None:
            age = 0.0 if not queue.total else queue.total / speed if speed else None
        return Figures(
            waiting=queue.waiting,
            in_flight=queue.in_flight,
            delayed=queue.delayed,
            dead=dead.total,
            oldest_seconds=None if age is None else round(age, 1),
            estimated=estimated,
            a_second=rates,
            seconds=seconds,
            source=source,
        )

    def _metrics(self) -> tuple[float | None, dict[str, float] | None]:
        """Age of the oldest message, and rates of the newest complete minute; None for what is not kept."""
        queue = self._stack.queue_url.rpartition("/")[2]
        environment = self._stack.environment
        namespace = environment.get("POWERTOOLS_METRICS_NAMESPACE", "")
        service = environment.get("POWERTOOLS_SERVICE_NAME", "")
        queries = [_query("age", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName=queue)]
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
        ages = found.get("age", {}).get("Values", [])
        stamps = [stamp for outcome in OUTCOMES for stamp in found.get(outcome, {}).get("Timestamps", [])]
        if not stamps:
            # With a known age the metrics are kept, and there is nothing to count.
            return (ages[0], dict.fromkeys(OUTCOMES, 0.0)) if ages else (None, None)
        newest = max(stamps)
        rates = {outcome: _at(found.get(outcome, {}), newest) / _MINUTE for outcome in OUTCOMES}
        return (ages[0] if ages else None), rates

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
