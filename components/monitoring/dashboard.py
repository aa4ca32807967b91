"""The dashboard of a pipeline.

It answers in this order: is it healthy, is it keeping up, what is failing, what does it cost?
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.config.alarms import AlarmConfig
from components.monitoring.cost import estimate
from components.monitoring.metrics import MetricSource, PipelineMetrics
from components.monitoring.queries import Source, query
from components.monitoring.thresholds import LATE_MILLISECONDS
from components.monitoring.widgets import Widget, alarm_states, graph, heading, laid_out, log_table


def dashboard_body(
    pipeline: PipelineMetrics,
    config: AlarmConfig,
    *,
    publish_memory_mib: int,
    alarm_arns: Sequence[pulumi.Input[str]],
    region: pulumi.Output[str],
    log_groups: Mapping[Source, pulumi.Input[str]],
) -> pulumi.Output[str]:
    """The dashboard as JSON text that is the same on every run."""
    widgets = laid_out(
        region,
        heading("Is it healthy?"),
        alarm_states("Alarms", alarm_arns),
        heading("Is it keeping up?"),
        *_keeping_up(pipeline, config),
        heading("What is failing?"),
        *_failing(pipeline, log_groups),
        heading("What does it cost?"),
        *_cost(pipeline, config, publish_memory_mib, region),
    )
    body: dict[str, Any] = {"start": "-PT3H", "periodOverride": "inherit", "widgets": widgets}
    return pulumi.Output.json_dumps(body, sort_keys=True)


def _keeping_up(pipeline: PipelineMetrics, config: AlarmConfig) -> list[Widget]:
    return [
        *_lane("Bulk", pipeline.queue, alarm_seconds=config.queue_age_alarm_seconds),
        *_lane("Express", pipeline.express, alarm_seconds=config.express_age_seconds),
        graph(
            "Resize calls at the same time",
            {"calls": pipeline.resize("ConcurrentExecutions", "Maximum")},
            limits={"both lanes": config.max_calls},
        ),
        graph(
            "Images a minute",
            {
                "announced": pipeline.own("Announced", "Sum"),
                "beyond a quota": pipeline.own("QuotaRefused", "Sum"),
                "arrived, bulk": pipeline.queue("NumberOfMessagesSent", "Sum"),
                "arrived, express": pipeline.express("NumberOfMessagesSent", "Sum"),
                **({"of them resent": pipeline.own("Resent", "Sum")} if pipeline.resends else {}),
                "settled": pipeline.own("Rejected", "SampleCount"),
            },
        ),
        graph(
            "From upload to settled (ms)",
            {
                "half of them": pipeline.own("SettleTime", "p50"),
                "99 of 100": pipeline.own("SettleTime", "p99"),
            },
        ),
        graph(
            "Resize: record and call (ms)",
            {
                "record p50": pipeline.own("RecordTime", "p50"),
                "record p99": pipeline.own("RecordTime", "p99"),
                "call p99": pipeline.resize("Duration", "p99"),
            },
            limits={"timeout": config.resize_timeout_seconds * 1000},
        ),
        graph("Events a minute", {"published": pipeline.own("Published", "Sum")}),
        graph(
            "From settled to published (ms)",
            {"age": pipeline.publish("IteratorAge", "Maximum")},
            limits={"alarm": LATE_MILLISECONDS},
        ),
    ]


def _lane(title: str, queue: MetricSource, *, alarm_seconds: int) -> list[Widget]:
    return [
        graph(
            f"{title} lane",
            {
                "waiting": queue("ApproximateNumberOfMessagesVisible", "Maximum"),
                "taken or put off": queue("ApproximateNumberOfMessagesNotVisible", "Maximum"),
            },
            width=6,
        ),
        graph(
            f"{title} lane: age of the oldest message (s)",
            {"age": queue("ApproximateAgeOfOldestMessage", "Maximum")},
            limits={"alarm": alarm_seconds},
            width=6,
        ),
    ]


def _failing(pipeline: PipelineMetrics, log_groups: Mapping[Source, pulumi.Input[str]]) -> list[Widget]:
    return [
        graph(
            "Dead letters",
            {
                "uploads": pipeline.dead_letters("ApproximateNumberOfMessagesVisible", "Maximum"),
                "events": pipeline.event_dead_letters("ApproximateNumberOfMessagesVisible", "Maximum"),
            },
        ),
        graph(
            "Functions",
            {
                "resize errors": pipeline.resize("Errors", "Sum"),
                "resize throttles": pipeline.resize("Throttles", "Sum"),
                "API errors": pipeline.api_function("Errors", "Sum"),
                "API throttles": pipeline.api_function("Throttles", "Sum"),
                "publish errors": pipeline.publish("Errors", "Sum"),
                "publish throttles": pipeline.publish("Throttles", "Sum"),
            },
        ),
        graph(
            "Records that were not done",
            {
                "rejected": pipeline.own("Rejected", "Sum"),
                "retried": pipeline.own("Retried", "Sum"),
                "deferred": pipeline.own("Deferred", "Sum"),
            },
        ),
        graph(
            "API",
            {
                "requests": pipeline.api("Count", "Sum"),
                "refused (4xx)": pipeline.api("4xx", "Sum"),
                "failed (5xx)": pipeline.api("5xx", "Sum"),
            },
        ),
        graph("API latency (ms)", {"p99": pipeline.api("Latency", "p99")}),
        graph(
            "Table throttles",
            {
                f"{kind.lower()}s {metric.dimensions.get('GlobalSecondaryIndexName', 'table')}": metric
                for kind in ("Read", "Write")
                for metric in pipeline.table(f"{kind}ThrottleEvents")
            }
            | {"writes quotas": pipeline.quotas("WriteThrottleEvents")},
        ),
        *(
            log_table(title, log_groups[query(name).source], query(name).text)
            for title, name in (
                ("Why images are rejected", "rejections"),
                ("Why records are tried again", "failures"),
            )
        ),
    ]


def _cost(
    pipeline: PipelineMetrics, config: AlarmConfig, publish_memory_mib: int, region: pulumi.Output[str]
) -> list[Widget]:
    counted = {
        "API requests": pipeline.api("Count", "Sum"),
        "resize calls": pipeline.resize("Invocations", "Sum"),
        "API calls": pipeline.api_function("Invocations", "Sum"),
        "publish calls": pipeline.publish("Invocations", "Sum"),
        "bulk messages": pipeline.queue("NumberOfMessagesSent", "Sum"),
        "express messages": pipeline.express("NumberOfMessagesSent", "Sum"),
    }
    series = estimate(pipeline, config, publish_memory_mib, region)
    hour = 3600
    return [
        graph("Requests an hour", counted, period_seconds=hour),
        graph("Estimated US dollars an hour", series, period_seconds=hour, width=16),
    ]
