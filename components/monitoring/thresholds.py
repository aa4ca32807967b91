"""The conditions of a pipeline's alarms, and the alarms that notify as one.

Each alarm has a section of its name in `docs/runbook.md`. Thresholds follow
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
where AWS recommends one.
"""

from typing import Final

from components.config.alarms import AlarmConfig
from components.monitoring.condition import Condition, Group
from components.monitoring.metrics import MetricSource, PipelineMetrics, numbered

# With fewer images than this, a share says nothing.
MIN_IMAGES: Final = 20
_NEAR_TIMEOUT: Final = 0.8
LATE_MILLISECONDS: Final = 60_000


GROUPS: Final = (
    Group(
        name="resize-unhealthy",
        first="Open the dashboard, see which of its alarms was raised first, and follow that one's section.",
        members=("queue-age", "express-age", "resize-errors", "resize-throttles", "resize-duration"),
    ),
    Group(
        name="api-unhealthy",
        first="Run the saved query api-failures to see which route fails or is slow, and since when.",
        members=("api-errors", "api-throttles", "api-duration", "api-5xx", "api-latency"),
    ),
    Group(
        name="events-unhealthy",
        first="Run the saved query not-published to see whether the bus refuses events, and why.",
        members=("events-late", "events-missing", "publish-errors"),
    ),
)


def conditions(pipeline: PipelineMetrics, config: AlarmConfig) -> list[Condition]:
    """Every condition, in the order of the picture: API, queue, resize function, table, events, delivery."""
    return [
        *_function("api", pipeline.api_function, config.api_timeout_seconds),
        *_api(pipeline, config),
        *_queue(pipeline, config),
        *_function("resize", pipeline.resize, config.resize_timeout_seconds),
        _renderer(pipeline),
        *_table(pipeline),
        *_events(pipeline),
        *(_delivery(pipeline.delivery) if pipeline.delivery else []),
    ]


def _errors(name: str, metric: MetricSource) -> Condition:
    return Condition(
        name=f"{name}-errors",
        first=f"Run the saved query {name}-crashes to see whether calls time out, run out of memory "
        "or raise.",
        metrics={"errors": metric("Errors", "Sum")},
    )


def _throttles(name: str, metric: MetricSource) -> Condition:
    return Condition(
        name=f"{name}-throttles",
        first="Compare the account's concurrent executions with its limit before changing anything here.",
        metrics={"throttles": metric("Throttles", "Sum")},
    )


def _function(name: str, metric: MetricSource, timeout_seconds: int) -> list[Condition]:
    return [
        _errors(name, metric),
        _throttles(name, metric),
        Condition(
            name=f"{name}-duration",
            first=f"Run the saved query {name}-slow to see what takes the time.",
            metrics={"duration": metric("Duration", "p99")},
            above=_NEAR_TIMEOUT * timeout_seconds * 1000,
            bad=2,
            of=3,
        ),
    ]


def _api(pipeline: PipelineMetrics, config: AlarmConfig) -> list[Condition]:
    # What the worker sends again has arrived before.
    resent = {"resent": pipeline.own("Resent", "Sum")} if pipeline.resends else {}
    arrived = "FILL(sent, 0) + FILL(sentexpress, 0)" + (" - FILL(resent, 0)" if resent else "")
    return [
        Condition(
            name="api-5xx",
            first="Run the saved query api-failures to see which route fails and how.",
            # One failure among few requests is not a trend: five or more, and one in a hundred.
            metrics={"failed": pipeline.api("5xx", "Sum"), "requests": pipeline.api("Count", "Sum")},
            expression="IF(failed >= 5, 100 * failed / requests, 0)",
            above=1,
            bad=2,
            of=3,
        ),
        Condition(
            name="api-latency",
            first="Run the saved query api-slow to see whether the function or the gateway takes the time.",
            metrics={"latency": pipeline.api("Latency", "p99")},
            above=config.api_latency_alarm_milliseconds,
            bad=3,
        ),
        Condition(
            name="uploads-missing",
            first="Upload one image by hand and see whether the bucket, the notification or the client "
            "is at fault.",
            metrics={
                "announced": pipeline.own("Announced", "Sum"),
                **pipeline.sent(),
                **resent,
            },
            expression=f"IF(announced >= {MIN_IMAGES}, 100 * (announced - ({arrived})) / announced, 0)",
            above=50,
            # An upload may come a quarter of an hour after it was announced, in the next period.
            period_seconds=1800,
            bad=2,
        ),
    ]


def _queue(pipeline: PipelineMetrics, config: AlarmConfig) -> list[Condition]:
    return [
        Condition(
            name="queue-age",
            first="See on the dashboard whether the resize function runs at its full concurrency: "
            "if so it is a spike, if not it is stuck.",
            metrics={"age": pipeline.queue("ApproximateAgeOfOldestMessage", "Maximum")},
            above=config.queue_age_alarm_seconds,
            period_seconds=60,
            bad=5,
        ),
        Condition(
            name="express-age",
            first="See on the dashboard whether the express lane is busy, stuck or switched off.",
            metrics={"age": pipeline.express("ApproximateAgeOfOldestMessage", "Maximum")},
            above=config.express_age_seconds,
            period_seconds=60,
            bad=3,
        ),
        Condition(
            name="dead-letters",
            first="Run the saved query failures to see which error the images have in common, and fix it "
            "before redriving.",
            metrics={"letters": pipeline.dead_letters("ApproximateNumberOfMessagesVisible", "Maximum")},
            period_seconds=60,
        ),
        Condition(
            name="rejected-share",
            first="Run the saved query rejections to see for which reason images are refused.",
            metrics={
                "share": pipeline.own("Rejected", "Average"),
                "settled": pipeline.own("Rejected", "SampleCount"),
            },
            expression=f"IF(settled >= {MIN_IMAGES}, 100 * share, 0)",
            above=config.rejected_share_alarm_percent,
            period_seconds=900,
            bad=2,
        ),
    ]


def _renderer(pipeline: PipelineMetrics) -> Condition:
    return Condition(
        name="render-failed",
        first="Run the saved query render-failures to see where the renderer raises, and report the bug.",
        metrics={"failed": pipeline.own("RenderFailed", "Sum")},
    )


def _table(pipeline: PipelineMetrics) -> list[Condition]:
    refused = {
        "Read": pipeline.table("ReadThrottleEvents"),
        "Write": [*pipeline.table("WriteThrottleEvents"), pipeline.quotas("WriteThrottleEvents")],
    }
    # Not one alarm for both: metric math in an alarm takes ten metrics.
    return [
        Condition(
            name=f"table-{kind.lower()}-throttles",
            first=f"See on the dashboard which table or which index throttles {kind.lower()}s.",
            metrics=numbered("m", metrics),
            expression="SUM(METRICS())",
            bad=2,
            of=3,
        )
        for kind, metrics in refused.items()
    ]


def _events(pipeline: PipelineMetrics) -> list[Condition]:
    # Throttles of the function and time near its timeout need no response of their own: the stream
    # waits for a day, and what waits is late. Where nothing is read, nothing has an age: it is missing.
    return [
        _errors("publish", pipeline.publish),
        Condition(
            name="events-late",
            first="Run the saved query not-published to see whether the bus refuses events, and why.",
            metrics={"age": pipeline.publish("IteratorAge", "Maximum")},
            above=LATE_MILLISECONDS,
            period_seconds=60,
            bad=5,
        ),
        Condition(
            name="events-missing",
            first="See whether the stream of the table is connected to the publish function.",
            metrics={
                "settled": pipeline.own("Rejected", "SampleCount"),
                "published": pipeline.own("Published", "Sum"),
            },
            expression=f"IF(settled >= {MIN_IMAGES}, 100 * (settled - FILL(published, 0)) / settled, 0)",
            above=50,
            period_seconds=900,
            bad=2,
        ),
        Condition(
            name="events-dead-letters",
            first="Look into the dead letters to see whether they are records of rows or notes of Lambda.",
            metrics={"letters": pipeline.event_dead_letters("ApproximateNumberOfMessagesVisible", "Maximum")},
            period_seconds=60,
        ),
    ]


def _delivery(metric: MetricSource) -> list[Condition]:
    return [_errors("delivery", metric), _throttles("delivery", metric)]
