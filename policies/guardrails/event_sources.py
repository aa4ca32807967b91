"""Queues and streams of tables that feed functions, and how their consumers fail.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import stack_rule

# What AWS sets where the program says nothing.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_VISIBILITY_SECONDS: Final = 30
_FUNCTION_TIMEOUT_SECONDS: Final = 3
_RECEIVES: Final = 5
_TIMEOUTS: Final = 6


@stack_rule(
    "queue-dead-letters",
    resource_types.QUEUE,
    fix="Set redrivePolicy to the ARN of a second queue and a maxReceiveCount of 5 or more.",
)
def queue_dead_letters(queue: Resource, stack: Stack) -> Iterator[str]:
    """A queue with a consumer has a dead-letter queue and at least 5 receives."""
    if not stack.pointing_at(queue, resource_types.MAPPING, "eventSourceArn"):
        return
    redrive = queue.props.get("redrivePolicy")
    if not redrive:
        yield "has a consumer but no dead-letter queue"
        return
    policy: Any = json.loads(redrive) if isinstance(redrive, str) else redrive
    if not policy.get("deadLetterTargetArn"):
        yield "has a redrive policy that names no dead-letter queue"
    if int(policy.get("maxReceiveCount", 0)) < _RECEIVES:
        yield f"gives up on a message after {policy.get('maxReceiveCount')} receives"


@stack_rule(
    "queue-visibility",
    resource_types.QUEUE,
    fix="Raise visibilityTimeoutSeconds, or lower the timeout of the function.",
)
def visibility(queue: Resource, stack: Stack) -> Iterator[str]:
    """A queue hides a message for 6 timeouts of its consumer and the batching window."""
    hidden = int(queue.props.get("visibilityTimeoutSeconds", _VISIBILITY_SECONDS))
    for mapping in stack.pointing_at(queue, resource_types.MAPPING, "eventSourceArn"):
        window = int(mapping.props.get("maximumBatchingWindowInSeconds") or 0)
        for function in stack.pointed_at(mapping, "functionName", resource_types.FUNCTION):
            timeout = int(function.props.get("timeout", _FUNCTION_TIMEOUT_SECONDS))
            needed = _TIMEOUTS * timeout + window
            if hidden < needed:
                yield f"hides a message for {hidden} s; {function.name} needs {needed} s"


@stack_rule(
    "partial-batches",
    resource_types.MAPPING,
    fix="Set functionResponseTypes to ReportBatchItemFailures.",
)
def partial_batches(mapping: Resource, stack: Stack) -> Iterator[str]:
    """A consumer of a queue or of a table's stream reports batch item failures."""
    if not any(
        stack.pointed_at(mapping, "eventSourceArn", kind)
        for kind in (resource_types.QUEUE, resource_types.TABLE)
    ):
        return
    if "ReportBatchItemFailures" not in list(mapping.props.get("functionResponseTypes") or []):
        yield "retries a whole batch for one message or record that failed"


@stack_rule(
    "stream-dead-letters",
    resource_types.MAPPING,
    fix="Set destinationConfig.onFailure.destinationArn to a queue.",
)
def stream_dead_letters(mapping: Resource, stack: Stack) -> Iterator[str]:
    """A consumer of a table's stream has a destination for the records it gives up on."""
    if not stack.pointed_at(mapping, "eventSourceArn", resource_types.TABLE):
        return
    failed = mapping.section("destinationConfig").get("onFailure") or {}
    if "destinationArn" not in set(failed):
        yield "drops the records of the stream that it gives up on"


@stack_rule(
    "reserved-concurrency",
    resource_types.FUNCTION,
    fix="Raise reservedConcurrentExecutions, or lower the maximum concurrency of its event source mappings.",
)
def reserved_concurrency(function: Resource, stack: Stack) -> Iterator[str]:
    """A reserved concurrency is enough for all event source mappings of its function together."""
    reserved = int(function.props.get("reservedConcurrentExecutions", -1))
    mappings = stack.pointing_at(function, resource_types.MAPPING, "functionName")
    needed = sum(int(mapping.section("scalingConfig").get("maximumConcurrency") or 0) for mapping in mappings)
    if 0 <= reserved < needed:
        yield f"reserves {reserved} concurrent executions; its mappings may need {needed}"
