"""The outputs of a pipeline: those of a stack, and the ARNs that other programs need to grant access."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi

if TYPE_CHECKING:
    from components.pipeline import ImagePipeline


@dataclass(frozen=True, kw_only=True)
class PipelineOutput:
    """One output. `of` finds it in a pipeline; `when` is the setting without which it is None."""

    description: str
    of: Callable[["ImagePipeline"], Any]
    when: str = ""


def _domain_target(pipeline: "ImagePipeline") -> pulumi.Output[str] | None:
    domain = pipeline.api.domain
    return domain.domain_name_configuration.target_domain_name if domain else None


STACK: Final[Mapping[str, PipelineOutput]] = {
    "apiUrl": PipelineOutput(description="Address of the API", of=lambda it: it.api.url),
    "originalsBucket": PipelineOutput(
        description="Name of the bucket of originals", of=lambda it: it.originals.name
    ),
    "variantsBucket": PipelineOutput(
        description="Name of the bucket of variants", of=lambda it: it.variants.name
    ),
    "tableName": PipelineOutput(description="Name of the table of images", of=lambda it: it.table.name),
    "queueUrl": PipelineOutput(description="URL of the bulk queue", of=lambda it: it.queues.bulk.url),
    "expressQueueUrl": PipelineOutput(
        description="URL of the express queue", of=lambda it: it.queues.express.url
    ),
    "expressLane": PipelineOutput(
        description="Whether there is an express lane", of=lambda it: it.express_lane
    ),
    "deadLetterQueueUrl": PipelineOutput(
        description="URL of the dead-letter queue", of=lambda it: it.queues.dead_letters.url
    ),
    "resizeFunctionName": PipelineOutput(
        description="Name of the resize function", of=lambda it: it.worker.function.name
    ),
    "apiFunctionName": PipelineOutput(
        description="Name of the API function", of=lambda it: it.api.function.name
    ),
    "publishFunctionName": PipelineOutput(
        description="Name of the publish function", of=lambda it: it.publisher.function.name
    ),
    "eventBusName": PipelineOutput(description="Name of the event bus", of=lambda it: it.events.name),
    "eventDeadLetterQueueUrl": PipelineOutput(
        description="URL of the dead-letter queue of events", of=lambda it: it.events.dead_letter_url
    ),
    "alarmTopicArn": PipelineOutput(
        description="ARN of the topic of alarms", of=lambda it: it.monitoring.topic.arn
    ),
    "dashboardUrl": PipelineOutput(
        description="Address of the dashboard", of=lambda it: it.monitoring.dashboard_url
    ),
    "apiDomainTarget": PipelineOutput(
        description="Name that the DNS record of apiDomain points to", of=_domain_target, when="apiDomain"
    ),
    "deliveryUrl": PipelineOutput(
        description="Base URL of the permanent URLs",
        of=lambda it: it.delivery and it.delivery.url,
        when="delivery",
    ),
    "deliveryTarget": PipelineOutput(
        description="Name that the DNS record of deliveryDomain points to",
        of=lambda it: it.delivery and it.delivery.target,
        when="delivery",
    ),
    "deliveryDistributionId": PipelineOutput(
        description="Id of the distribution",
        of=lambda it: it.delivery and it.delivery.distribution.id,
        when="delivery",
    ),
    "deliveryFunctionName": PipelineOutput(
        description="Name of the delivery function",
        of=lambda it: it.delivery and it.delivery.function.name,
        when="delivery",
    ),
}
"""The outputs of a stack, by name."""

ARNS: Final[Mapping[str, PipelineOutput]] = {
    "originalsBucketArn": PipelineOutput(
        description="ARN of the bucket of originals", of=lambda it: it.originals.arn
    ),
    "variantsBucketArn": PipelineOutput(
        description="ARN of the bucket of variants, whose keys start with resized/",
        of=lambda it: it.variants.arn,
    ),
    "tableArn": PipelineOutput(description="ARN of the table of images", of=lambda it: it.table.arn),
    "tableStreamArn": PipelineOutput(
        description="ARN of the stream of the table of images", of=lambda it: it.table.stream_arn
    ),
    "quotaTableArn": PipelineOutput(description="ARN of the table of quotas", of=lambda it: it.quotas.arn),
    "queueArn": PipelineOutput(description="ARN of the bulk queue", of=lambda it: it.queues.bulk.arn),
    "expressQueueArn": PipelineOutput(
        description="ARN of the express queue", of=lambda it: it.queues.express.arn
    ),
    "deadLetterQueueArn": PipelineOutput(
        description="ARN of the dead-letter queue", of=lambda it: it.queues.dead_letters.arn
    ),
    "eventBusArn": PipelineOutput(description="ARN of the event bus", of=lambda it: it.events.arn),
    "eventDeadLetterQueueArn": PipelineOutput(
        description="ARN of the dead-letter queue of events", of=lambda it: it.events.dead_letter_arn
    ),
    "apiExecutionArn": PipelineOutput(
        description="ARN of the API; its callers need execute-api:Invoke on what is below it",
        of=lambda it: it.api.api.execution_arn,
    ),
    "resizeFunctionArn": PipelineOutput(
        description="ARN of the resize function", of=lambda it: it.worker.function.arn
    ),
    "apiFunctionArn": PipelineOutput(
        description="ARN of the API function", of=lambda it: it.api.function.arn
    ),
    "publishFunctionArn": PipelineOutput(
        description="ARN of the publish function", of=lambda it: it.publisher.function.arn
    ),
    "deliveryFunctionArn": PipelineOutput(
        description="ARN of the delivery function",
        of=lambda it: it.delivery and it.delivery.function.arn,
        when="delivery",
    ),
    "deliveryDistributionArn": PipelineOutput(
        description="ARN of the distribution",
        of=lambda it: it.delivery and it.delivery.distribution.arn,
        when="delivery",
    ),
    "kmsKeyArn": PipelineOutput(
        description="ARN of the key that encrypts everything; readers need kms:Decrypt on it",
        of=lambda it: it.key.arn,
        when="kmsKey",
    ),
}
"""Further outputs of the package, for granting access to a pipeline, by name."""


def outputs_of(pipeline: "ImagePipeline", declared: Mapping[str, PipelineOutput] = STACK) -> dict[str, Any]:
    """The declared outputs that a pipeline has: name → `pulumi.Output`, or a boolean."""
    found = {name: output.of(pipeline) for name, output in declared.items()}
    return {name: value for name, value in found.items() if value is not None}
