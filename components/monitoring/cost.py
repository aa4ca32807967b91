"""What a pipeline costs as it runs, estimated from its metrics."""

from typing import Final

import pulumi

from components.config.alarms import AlarmConfig
from components.monitoring.metrics import PipelineMetrics, numbered
from components.monitoring.widgets import Series
from pricing.prices import price_table

# One receive, one delete, and the send that S3 makes; empty receives are a few cents a day.
_REQUESTS_A_MESSAGE: Final = 3

_LABELS: Final = {
    "lambda": "Lambda",
    "gateway": "API Gateway",
    "sqs": "SQS",
    "dynamodb": "DynamoDB",
    "s3": "S3 requests",
    "eventbridge": "EventBridge",
    "total": "all",
    "each": "for 1,000 images",
}


def estimate(
    pipeline: PipelineMetrics, config: AlarmConfig, publish_memory_mib: int, region: pulumi.Output[str]
) -> list[Series]:
    """Lines in US dollars a period: each service, their sum, and the sum for 1,000 images.

    Logs, traces, storage and transfer are not in it.
    """
    written = "ConsumedWriteCapacityUnits"
    writes = numbered("write", [*pipeline.table(written), pipeline.quotas(written)])
    reads = numbered("read", pipeline.table("ConsumedReadCapacityUnits"))
    used = {
        "resizems": pipeline.resize("Duration", "Sum"),
        "resizecalls": pipeline.resize("Invocations", "Sum"),
        "apims": pipeline.api_function("Duration", "Sum"),
        "apicalls": pipeline.api_function("Invocations", "Sum"),
        "publishms": pipeline.publish("Duration", "Sum"),
        "publishcalls": pipeline.publish("Invocations", "Sum"),
        "requests": pipeline.api("Count", "Sum"),
        **pipeline.sent(),
        "images": pipeline.own("Done", "Sum"),
        "published": pipeline.own("Published", "Sum"),
        **writes,
        **reads,
    }
    megabyte_milliseconds = (
        f"(resizems * {config.resize_memory_mib} + apims * {config.api_memory_mib} "
        f"+ publishms * {publish_memory_mib})"
    )

    def expressions(at: str) -> dict[str, str]:
        of = price_table().estimate(at)
        million = 1_000_000
        bucket = ((len(config.presets) + 1) * of.s3_thousand_puts + of.s3_thousand_gets) / 1000
        services = {
            "lambda": f"{megabyte_milliseconds} / 1000 / 1024 * {_number(of.lambda_gb_second)} "
            f"+ (resizecalls + apicalls + publishcalls) * {_number(of.lambda_million_calls / million)}",
            "gateway": f"requests * {_number(of.api_million_requests / million)}",
            "sqs": "(FILL(sent, 0) + FILL(sentexpress, 0)) * "
            f"{_number(_REQUESTS_A_MESSAGE * of.sqs_million_requests / million)}",
            "dynamodb": f"SUM([{', '.join(writes)}]) * {_number(of.dynamodb_million_writes / million)} "
            f"+ SUM([{', '.join(reads)}]) * {_number(of.dynamodb_million_reads / million)}",
            "s3": f"FILL(images, 0) * {_number(bucket)}",
            "eventbridge": f"published * {_number(of.eventbridge_million_events / million)}",
        }
        total = " + ".join(f"FILL({name}, 0)" for name in services)
        return {**services, "total": total, "each": "IF(images > 0, 1000 * total / images)"}

    calculated = region.apply(expressions)
    return [
        *(Series(label=name, metric=metric, id=name, hidden=True) for name, metric in used.items()),
        *(Series(label=label, expression=calculated[name], id=name) for name, label in _LABELS.items()),
    ]


def _number(value: float) -> str:
    """A price as metric math takes it: without an exponent."""
    return f"{value:.12f}".rstrip("0")
