"""The metrics of a pipeline: those that AWS keeps and those that the functions write.

Names and dimensions: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pulumi

from components.base.function import NAMESPACE
from handlers.contract.indexes import INDEXES


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One series; `statistic` is `Sum`, `Average`, `Maximum`, `SampleCount` or a percentile (`p99`)."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str


@dataclass(frozen=True)
class MetricSource:
    """What has metrics, by the dimensions that CloudWatch keeps them under."""

    namespace: str
    dimensions: Mapping[str, pulumi.Input[str]]

    def __call__(self, name: str, statistic: str) -> Metric:
        """One of its metrics."""
        return Metric(namespace=self.namespace, name=name, dimensions=self.dimensions, statistic=statistic)


def queue_metrics(name: pulumi.Input[str]) -> MetricSource:
    """The metrics of a queue."""
    return MetricSource("AWS/SQS", {"QueueName": name})


def function_metrics(name: pulumi.Input[str]) -> MetricSource:
    """The metrics of a function."""
    return MetricSource("AWS/Lambda", {"FunctionName": name})


@dataclass(frozen=True, kw_only=True)
class PipelineMetrics:
    """The metrics of a pipeline's parts.

    `queue` is that of the bulk lane, `express` that of the express lane. `resends` says whether the
    worker sends events again, to have them wait. `delivery` is None in a stack without permanent URLs.
    """

    service: str
    queue: MetricSource
    express: MetricSource
    dead_letters: MetricSource
    resize: MetricSource
    api_function: MetricSource
    publish: MetricSource
    delivery: MetricSource | None
    event_dead_letters: MetricSource
    table_name: pulumi.Input[str]
    quotas_name: pulumi.Input[str]
    api_id: pulumi.Input[str]
    resends: bool

    @property
    def api(self) -> MetricSource:
        """The metrics of the HTTP API."""
        return MetricSource("AWS/ApiGateway", {"ApiId": self.api_id})

    @property
    def own(self) -> MetricSource:
        """The metrics that functions write into their logs in embedded metric format."""
        return MetricSource(NAMESPACE, {"service": self.service})

    def sent(self) -> dict[str, Metric]:
        """The messages sent to the queues of both lanes, by ids for metric math."""
        queues = {"sent": self.queue, "sentexpress": self.express}
        return {id_: queue("NumberOfMessagesSent", "Sum") for id_, queue in queues.items()}

    def table(self, name: str) -> list[Metric]:
        """The sums of a metric for the table and each of its indexes, which count on their own."""
        table = {"TableName": self.table_name}
        indexes = [{**table, "GlobalSecondaryIndexName": index.name} for index in INDEXES]
        return [MetricSource("AWS/DynamoDB", each)(name, "Sum") for each in (table, *indexes)]

    def quotas(self, name: str) -> Metric:
        """The sum of a metric of the table of quotas, which is hardly ever read."""
        return MetricSource("AWS/DynamoDB", {"TableName": self.quotas_name})(name, "Sum")


def numbered(name: str, metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Metrics by ids for metric math: `name0`, `name1` and so on."""
    return {f"{name}{number}": metric for number, metric in enumerate(metrics)}
