"""Published limits, the use a load makes of each, and the consequence of exceeding it."""

from dataclasses import dataclass
from typing import Final

from handlers.contract.indexes import SHARDS
from imagectl.planning.usage import Usage
from imagectl.planning.workload import Workload

_S3: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"
_PARTITIONS: Final = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
_ON_DEMAND: Final = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
)
_TABLE: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
_LAMBDA: Final = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_MAPPING: Final = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
_GATEWAY: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_SQS: Final = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"
)

_WORKER: Final = "the worker's call is retried, then its message waits and comes again: slower, not lost"
# S3 splits a prefix that is busy by itself, within the hour, but ImageIDs begin with the time.
_SECOND: Final = "a second pipeline with its own buckets, since new keys are adjacent"
_ANNOUNCE: Final = "`POST /uploads` retries, then answers 503; clients try again"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of AWS: `needed` of `allowed` in `unit`.

    `then` is what happens above it, `more` how it is raised.
    """

    name: str
    needed: float
    allowed: float
    unit: str
    source: str
    then: str
    more: str

    @property
    def share(self) -> float:
        """How much of the limit is used; above 1 it breaks."""
        return self.needed / self.allowed


def limits(load: Workload, used: Usage, *, concurrency: int, busy: int, express: int = 0) -> list[Limit]:
    """Every limit that a load meets, the one that breaks first at the head.

    `concurrency` is the mapping's maximum, `busy` how many calls run at the same time, beside `express`
    calls of the express lane.
    """
    coming = load.arrivals_a_second
    done = busy * load.rate_of_one
    found = [
        Limit(
            name="Lambda, concurrency of the account",
            needed=busy + express + coming * used.api_requests,
            allowed=1000,
            unit="calls at once",
            source=_LAMBDA,
            then="throttled calls wait in the queue; the API of the same account is throttled too",
            more="Service Quotas, within days",
        ),
        Limit(
            name="Event source mapping, maximum concurrency",
            needed=concurrency,
            allowed=1000,
            unit="calls at once",
            source=_MAPPING,
            then="the queue grows, up to its retention of 4 days (`queueRetentionDays`)",
            more="a second pipeline; provisioned mode has no `maxConcurrency`",
        ),
        Limit(
            name="S3, storing originals",
            needed=coming,
            allowed=3500,
            unit="PUT/s a partition",
            source=_S3,
            then="503 to the uploading client, which tries again (`imagectl` does)",
            more=_SECOND,
        ),
        Limit(
            name="S3, reading originals",
            needed=done * used.bucket_gets,
            allowed=5500,
            unit="GET/s a partition",
            source=_S3,
            then=_WORKER,
            more=_SECOND,
        ),
        Limit(
            name="S3, storing variants",
            needed=done * load.presets,
            allowed=3500,
            unit="PUT/s a partition",
            source=_S3,
            then=_WORKER,
            more=f"fewer presets; {_SECOND}",
        ),
        Limit(
            name="DynamoDB, the table when new",
            needed=coming * used.table_writes_announcing + done * used.table_writes_settling,
            allowed=4000,
            unit="write units/s",
            source=_ON_DEMAND,
            then=f"for announcements {_ANNOUNCE}; else {_WORKER}",
            more="warm throughput, before the day; a table keeps what it once reached",
        ),
        Limit(
            name="DynamoDB, an index by status when new",
            needed=coming + done * 2,
            allowed=4000,
            unit="write units/s",
            source=_ON_DEMAND,
            then=f"an index that is behind throttles the table: {_WORKER}",
            more="warm throughput of the index",
        ),
        Limit(
            name="DynamoDB, one partition of an index",
            needed=(coming + done) / SHARDS,
            allowed=1000,
            unit="write units/s",
            source=_PARTITIONS,
            then=f"an index that is behind throttles the table: {_WORKER}",
            more=f"more than {SHARDS} shards (`handlers/contract/indexes.py`)",
        ),
        Limit(
            name="DynamoDB, quota of the table",
            needed=coming * used.table_writes_announcing + done * used.table_writes_settling,
            allowed=40_000,
            unit="write units/s",
            source=_TABLE,
            then=_WORKER,
            more="Service Quotas",
        ),
        Limit(
            name="API Gateway, requests of the account",
            needed=coming * used.api_requests,
            allowed=10_000,
            unit="requests/s",
            source=_GATEWAY,
            then="429 to the client, which tries again",
            more="Service Quotas; announcing 100 files with one request, as counted here",
        ),
        Limit(
            name="EventBridge, events put in us-east-1",
            needed=done * used.events,
            allowed=10_000,
            unit="events/s",
            source=_EVENTS,
            then="events wait in the table's stream, for a day at most",
            more="Service Quotas; other regions begin with less",
        ),
        Limit(
            name="SQS, messages in flight",
            needed=busy * load.batch_size,
            allowed=120_000,
            unit="messages",
            source=_SQS,
            then="Lambda receives no more until some are done",
            more="Service Quotas",
        ),
    ]
    return sorted(found, key=lambda limit: -limit.share)
