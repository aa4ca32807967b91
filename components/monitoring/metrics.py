"""The metrics that say how a pipeline is: those AWS keeps and those the functions write.

Names and dimensions: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from collections.abc import Mapping
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


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The parts of a pipeline by the names under which their metrics are kept.

    `resends` says whether the worker sends events again, to have them wait.
    """

    service: str
    queue_name: pulumi.Input[str]
    dead_letters_name: pulumi.Input[str]
    table_name: pulumi.Input[str]
    quotas_name: pulumi.Input[str]
    resize_name: pulumi.Input[str]
    api_name: pulumi.Input[str]
    api_id: pulumi.Input[str]
    publish_name: pulumi.Input[str]
    event_letters_name: pulumi.Input[str]
    resends: bool

    def queue(self, name: str, statistic: str) -> Metric:
        """A metric of the queue."""
        return _metric("AWS/SQS", name, statistic, QueueName=self.queue_name)

    def dead_letters(self, name: str, statistic: str) -> Metric:
        """A metric of the dead-letter queue."""
        return _metric("AWS/SQS", name, statistic, QueueName=self.dead_letters_name)

    def resize(self, name: str, statistic: str) -> Metric:
        """A metric of the resize function."""
        return _metric("AWS/Lambda", name, statistic, FunctionName=self.resize_name)

    def api_function(self, name: str, statistic: str) -> Metric:
        """A metric of the API function."""
        return _metric("AWS/Lambda", name, statistic, FunctionName=self.api_name)

    def api(self, name: str, statistic: str) -> Metric:
        """A metric of the HTTP API."""
        return _metric("AWS/ApiGateway", name, statistic, ApiId=self.api_id)

    def publish(self, name: str, statistic: str) -> Metric:
        """A metric of the publish function."""
        return _metric("AWS/Lambda", name, statistic, FunctionName=self.publish_name)

    def event_letters(self, name: str, statistic: str) -> Metric:
        """A metric of the queue of events that could not be published."""
        return _metric("AWS/SQS", name, statistic, QueueName=self.event_letters_name)

    def table(self, name: str) -> list[Metric]:
        """The sums of a metric for the table and each of its indexes, which count on their own."""
        one = _metric("AWS/DynamoDB", name, "Sum", TableName=self.table_name)
        indexes = [
            _metric(
                "AWS/DynamoDB",
                name,
                "Sum",
                TableName=self.table_name,
                GlobalSecondaryIndexName=index.name,
            )
            for index in INDEXES
        ]
        return [one, *indexes]

    def quotas(self, name: str) -> Metric:
        """The sum of a metric of the table of quotas, which is written and never read."""
        return _metric("AWS/DynamoDB", name, "Sum", TableName=self.quotas_name)

    def own(self, name: str, statistic: str) -> Metric:
        """A metric that a function writes into its log in embedded metric format."""
        return _metric(NAMESPACE, name, statistic, service=self.service)


def _metric(namespace: str, name: str, statistic: str, **dimensions: pulumi.Input[str]) -> Metric:
    return Metric(namespace=namespace, name=name, statistic=statistic, dimensions=dimensions)
