"""What a pipeline costs as it runs, estimated from its metrics."""

from components.monitoring import prices
from components.monitoring.metrics import Metric, Watched
from components.monitoring.widgets import Series

# One receive, one delete, and the send that S3 makes; empty receives are a few cents a day.
_REQUESTS_A_MESSAGE = 3


def estimate(watched: Watched, *, presets: int, resize_memory_mib: int, api_memory_mib: int) -> list[Series]:
    """Lines in US dollars a period: each service, their sum, and the sum for 1,000 images.

    Logs, traces, storage and transfer are not in it.
    """
    writes = watched.table("ConsumedWriteCapacityUnits")
    reads = watched.table("ConsumedReadCapacityUnits")
    used = {
        "resizems": watched.resize("Duration", "Sum"),
        "resizecalls": watched.resize("Invocations", "Sum"),
        "apims": watched.api_function("Duration", "Sum"),
        "apicalls": watched.api_function("Invocations", "Sum"),
        "requests": watched.api("Count", "Sum"),
        "messages": watched.queue("NumberOfMessagesSent", "Sum"),
        "images": watched.own("Done", "Sum"),
        **_numbered("write", writes),
        **_numbered("read", reads),
    }
    written, read = _sum("write", writes), _sum("read", reads)
    function_calls = f"(resizecalls + apicalls) * {prices.LAMBDA_REQUEST:.10f}"
    compute = (
        f"(resizems * {resize_memory_mib} + apims * {api_memory_mib}) "
        f"/ 1000 / 1024 * {prices.LAMBDA_GB_SECOND:.10f}"
    )
    bucket = presets * prices.BUCKET_PUT + prices.BUCKET_PUT + prices.BUCKET_GET
    services = {
        "lambda": ("Lambda", f"{compute} + {function_calls}"),
        "gateway": ("API Gateway", f"requests * {prices.API_REQUEST:.10f}"),
        "sqs": ("SQS", f"messages * {_REQUESTS_A_MESSAGE} * {prices.QUEUE_REQUEST:.10f}"),
        "dynamodb": (
            "DynamoDB",
            f"{written} * {prices.TABLE_WRITE_UNIT:.10f} + {read} * {prices.TABLE_READ_UNIT:.10f}",
        ),
        "s3": ("S3 requests", f"FILL(images, 0) * {bucket:.10f}"),
    }
    total = " + ".join(f"FILL({name}, 0)" for name in services)
    return [
        *(Series(label=name, metric=metric, id=name, hidden=True) for name, metric in used.items()),
        *(Series(label=label, expression=math, id=name) for name, (label, math) in services.items()),
        Series(label="all", expression=total, id="total"),
        Series(label="for 1,000 images", expression="IF(images > 0, 1000 * total / images)", id="each"),
    ]


def _numbered(name: str, metrics: list[Metric]) -> dict[str, Metric]:
    return {f"{name}{number}": metric for number, metric in enumerate(metrics)}


def _sum(name: str, metrics: list[Metric]) -> str:
    return f"SUM([{', '.join(_numbered(name, metrics))}])"
