"""The dashboard of a pipeline.

It answers in this order: is it healthy, is it keeping up, what is failing, what does it cost?
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.config.alarms import AlarmConfig
from components.monitoring.cost import estimate
from components.monitoring.metrics import Watched
from components.monitoring.queries import Source, query
from components.monitoring.thresholds import LATE_MILLISECONDS
from components.monitoring.widgets import Widget, alarm_states, graph, heading, laid_out, log_table


def dashboard_body(
    watched: Watched,
    config: AlarmConfig,
    *,
    publish_memory_mib: int,
    alarm_arns: Sequence[pulumi.Input[str]],
    region: pulumi.Output[str],
    log_groups: Mapping[Source, pulumi.Input[str]],
) -> pulumi.Output[str]:
    """The dashboard as JSON text that is the same on every run."""
    widgets = [
        heading("Is it healthy?"),
        alarm_states("Alarms", alarm_arns),
        heading("Is it keeping up?"),
        *_keeping_up(watched, config, region),
        heading("What is failing?"),
        *_failing(watched, region, log_groups),
        heading("What does it cost?"),
        *_cost(watched, config, publish_memory_mib, region),
    ]
    body: dict[str, Any] = {"start": "-PT3H", "periodOverride": "inherit", "widgets": laid_out(widgets)}
    return pulumi.Output.json_dumps(body, sort_keys=True)


def _keeping_up(watched: Watched, config: AlarmConfig, region: pulumi.Output[str]) -> list[Widget]:
    return [
        graph(
            "Queue",
            region,
            {
                "waiting": watched.queue("ApproximateNumberOfMessagesVisible", "Maximum"),
                "taken or put off": watched.queue("ApproximateNumberOfMessagesNotVisible", "Maximum"),
            },
        ),
        graph(
            "Age of the oldest message (s)",
            region,
            {"age": watched.queue("ApproximateAgeOfOldestMessage", "Maximum")},
            limits={"alarm": config.queue_age_alarm_seconds},
        ),
        graph(
            "Resize calls at the same time",
            region,
            {"calls": watched.resize("ConcurrentExecutions", "Maximum")},
            limits={"maxConcurrency": config.max_concurrency},
        ),
        graph(
            "Images a minute",
            region,
            {
                "announced": watched.own("Announced", "Sum"),
                "beyond a quota": watched.own("QuotaRefused", "Sum"),
                "arrived": watched.queue("NumberOfMessagesSent", "Sum"),
                **({"of them resent": watched.own("Resent", "Sum")} if watched.resends else {}),
                "settled": watched.own("Rejected", "SampleCount"),
            },
        ),
        graph(
            "From upload to settled (ms)",
            region,
            {"half of them": watched.own("SettleTime", "p50"), "99 of 100": watched.own("SettleTime", "p99")},
        ),
        graph(
            "Resize: record and call (ms)",
            region,
            {
                "record p50": watched.own("RecordTime", "p50"),
                "record p99": watched.own("RecordTime", "p99"),
                "call p99": watched.resize("Duration", "p99"),
            },
            limits={"timeout": config.resize_timeout_seconds * 1000},
        ),
        graph("Events a minute", region, {"published": watched.own("Published", "Sum")}),
        graph(
            "From settled to published (ms)",
            region,
            {"age": watched.publish("IteratorAge", "Maximum")},
            limits={"alarm": LATE_MILLISECONDS},
        ),
    ]


def _failing(
    watched: Watched, region: pulumi.Output[str], log_groups: Mapping[Source, pulumi.Input[str]]
) -> list[Widget]:
    return [
        graph(
            "Dead letters",
            region,
            {
                "uploads": watched.dead_letters("ApproximateNumberOfMessagesVisible", "Maximum"),
                "events": watched.event_letters("ApproximateNumberOfMessagesVisible", "Maximum"),
            },
        ),
        graph(
            "Functions",
            region,
            {
                "resize errors": watched.resize("Errors", "Sum"),
                "resize throttles": watched.resize("Throttles", "Sum"),
                "API errors": watched.api_function("Errors", "Sum"),
                "API throttles": watched.api_function("Throttles", "Sum"),
                "publish errors": watched.publish("Errors", "Sum"),
                "publish throttles": watched.publish("Throttles", "Sum"),
            },
        ),
        graph(
            "Records that were not done",
            region,
            {
                "rejected": watched.own("Rejected", "Sum"),
                "retried": watched.own("Retried", "Sum"),
                "deferred": watched.own("Deferred", "Sum"),
            },
        ),
        graph(
            "API",
            region,
            {
                "requests": watched.api("Count", "Sum"),
                "refused (4xx)": watched.api("4xx", "Sum"),
                "failed (5xx)": watched.api("5xx", "Sum"),
            },
        ),
        graph("API latency (ms)", region, {"p99": watched.api("Latency", "p99")}),
        graph(
            "Table throttles",
            region,
            {
                f"{kind.lower()}s {metric.dimensions.get('GlobalSecondaryIndexName', 'table')}": metric
                for kind in ("Read", "Write")
                for metric in watched.table(f"{kind}ThrottleEvents")
            }
            | {"writes quotas": watched.quotas("WriteThrottleEvents")},
        ),
        *(
            log_table(title, region, log_groups[query(name).source], query(name).text)
            for title, name in (
                ("Why images are rejected", "rejections"),
                ("Why records are tried again", "failures"),
            )
        ),
    ]


def _cost(
    watched: Watched, config: AlarmConfig, publish_memory_mib: int, region: pulumi.Output[str]
) -> list[Widget]:
    counted = {
        "API requests": watched.api("Count", "Sum"),
        "resize calls": watched.resize("Invocations", "Sum"),
        "API calls": watched.api_function("Invocations", "Sum"),
        "publish calls": watched.publish("Invocations", "Sum"),
        "messages": watched.queue("NumberOfMessagesSent", "Sum"),
    }
    series = estimate(watched, config, publish_memory_mib, region)
    hour = 3600
    return [
        graph("Requests an hour", region, counted, period_seconds=hour),
        graph("Estimated US dollars an hour", region, series, period_seconds=hour, width=16),
    ]
