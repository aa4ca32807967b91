"""Streams of tables that feed functions.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from collections.abc import Iterator

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import rule


@rule(
    "stream-dead-letters",
    resource_types.MAPPING,
    fix="Set destinationConfig.onFailure.destinationArn to a queue.",
    looks_around=True,
)
def dead_letters(mapping: Resource, stack: Stack) -> Iterator[str]:
    """A consumer of a table's stream has a destination for the records it gives up on."""
    if not stack.pointed_at(mapping, "eventSourceArn", resource_types.TABLE):
        return
    failed = mapping.section("destinationConfig").get("onFailure") or {}
    if "destinationArn" not in set(failed):
        yield "drops the records of the stream that it gives up on"
