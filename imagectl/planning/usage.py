"""What one image uses of each service, on average, from its announcement to its variants.

Counted from the code: two calls of the function see one image only when something fails, and
nothing that people do with images afterwards is in it.
"""

import math
from dataclasses import dataclass
from typing import Final

from handlers.contract.indexes import INDEXES
from imagectl.planning.workload import WAITING_SECONDS, Workload
from pricing.prices import Prices

# The API announces so many files with one request, in so many seconds of its function.
_FILES_A_REQUEST: Final = 100
_REQUEST_SECONDS: Final = 0.15
_API_MEMORY_GB: Final = 0.5
# The publish function is called with the outcomes of a second, of each shard of the table.
_EVENTS_A_CALL: Final = 10
_PUBLISH_SECONDS: Final = 0.05
_PUBLISH_MEMORY_GB: Final = 0.5
# Lambda receives and deletes ten messages with one request.
_MESSAGES_A_REQUEST: Final = 10
# A PENDING row, a settled one, and each variant in it, in bytes as DynamoDB counts them.
_PENDING_BYTES: Final = 450
_ROW_BYTES: Final = 850
_VARIANT_BYTES: Final = 150
_WRITE_BYTES: Final = 1024
_READ_BYTES: Final = 4096
# The default variants of any photograph.
_VARIANTS_BYTES: Final = 80_000
# What an entry of an index takes, DynamoDB's own 100 bytes included.
_ENTRY_BYTES: Final = 250
# A log line an image; metrics and Lambda's own lines a call.
_LINE_BYTES: Final = 450
_CALL_LINES_BYTES: Final = 1_300
# Active tracing records one call of twenty, besides the first of each second.
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
_TRACED: Final = 0.05

# An index takes one write for a new entry, and two when a key changes: it deletes and puts.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
INDEXES_OF_STATUS: Final = sum("Status" in (*index.partition, *index.sort) for index in INDEXES)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Units of each service, for one image."""

    lambda_gb_seconds: float
    lambda_calls: float
    api_requests: float
    sqs_requests: float
    table_writes_announcing: float
    table_writes_settling: float
    quota_writes: float
    index_writes_announcing: float
    index_writes_settling: float
    table_reads: float
    bucket_puts: float
    bucket_gets: float
    log_bytes: float
    traces: float
    events: float
    bucket_bytes: float
    table_bytes: float

    @property
    def writes(self) -> float:
        """Write units of the table, its indexes and the table of quotas together."""
        return (
            self.table_writes_announcing
            + self.table_writes_settling
            + self.quota_writes
            + self.index_writes_announcing
            + self.index_writes_settling
        )

    def bill(self, prices: Prices) -> dict[str, float]:
        """US dollars for one image, by service."""
        million = 1_000_000
        return {
            "Lambda": self.lambda_gb_seconds * prices.lambda_gb_second
            + self.lambda_calls * prices.lambda_million_calls / million,
            "S3 requests": (
                self.bucket_puts * prices.s3_thousand_puts + self.bucket_gets * prices.s3_thousand_gets
            )
            / 1000,
            "DynamoDB": (
                self.writes * prices.dynamodb_million_writes
                + self.table_reads * prices.dynamodb_million_reads
            )
            / million,
            "SQS": self.sqs_requests * prices.sqs_million_requests / million,
            "API Gateway": self.api_requests * prices.api_million_requests / million,
            "CloudWatch Logs": self.log_bytes / 1e9 * prices.logs_gb,
            "X-Ray": self.traces * prices.xray_million_traces / million,
            "EventBridge": self.events * prices.eventbridge_million_events / million,
        }

    def storage(self, prices: Prices) -> dict[str, float]:
        """US dollars for keeping one image for a month, by service."""
        return {
            "S3 storage": self.bucket_bytes / 1e9 * prices.s3_gb_month,
            "DynamoDB storage": self.table_bytes / 1e9 * prices.dynamodb_gb_month,
        }


def usage(load: Workload) -> Usage:
    """What one image of a load uses, when its calls get full batches."""
    gigabytes = load.memory_mib / 1024
    seconds = load.call_seconds(load.batch_size) / load.batch_size
    return _usage(
        load, seconds * gigabytes, calls=1 / load.batch_size, queue_requests=1 + 2 / _MESSAGES_A_REQUEST
    )


def direct_usage(load: Workload) -> Usage:
    """The same without a queue: S3 calls the function, once an image, which then waits for S3 itself."""
    seconds = load.render_seconds + WAITING_SECONDS
    return _usage(load, seconds * load.memory_mib / 1024, calls=1, queue_requests=0)


def _usage(load: Workload, gb_seconds: float, *, calls: float, queue_requests: float) -> Usage:
    requests = 1 / _FILES_A_REQUEST
    publishing = 1 / _EVENTS_A_CALL
    row_bytes = _ROW_BYTES + _VARIANT_BYTES * load.presets
    return Usage(
        lambda_gb_seconds=gb_seconds
        + requests * _REQUEST_SECONDS * _API_MEMORY_GB
        + publishing * _PUBLISH_SECONDS * _PUBLISH_MEMORY_GB,
        lambda_calls=calls + requests + publishing,
        api_requests=requests,
        sqs_requests=queue_requests,
        table_writes_announcing=math.ceil(_PENDING_BYTES / _WRITE_BYTES),
        table_writes_settling=math.ceil(row_bytes / _WRITE_BYTES),
        quota_writes=requests,
        index_writes_announcing=len(INDEXES),
        index_writes_settling=2 * INDEXES_OF_STATUS,
        table_reads=math.ceil(row_bytes / _READ_BYTES),
        bucket_puts=1 + load.presets,
        bucket_gets=1,  # the original
        log_bytes=_LINE_BYTES + _CALL_LINES_BYTES * (calls + publishing),
        traces=_TRACED * (calls + publishing),
        events=1,
        bucket_bytes=load.original_bytes + load.presets * _VARIANTS_BYTES,
        table_bytes=row_bytes + len(INDEXES) * _ENTRY_BYTES,
    )
