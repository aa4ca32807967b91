"""Streams of tables that feed functions.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import Rule


def dead_letters(mapping: Resource, stack: Stack) -> Iterator[str]:
    """What a consumer of a stream gives up on goes somewhere: the stream itself forgets it."""
    if not stack.pointed_at(mapping, "eventSourceArn", resource_types.TABLE):
        return
    failed = mapping.section("destinationConfig").get("onFailure") or {}
    if "destinationArn" not in set(failed):
        yield "drops the records of the stream that it gives up on"


RULES: Final = (
    Rule(
        name="stream-dead-letters",
        what="A consumer of a table's stream keeps what it gives up on.",
        mend="Set destinationConfig.onFailure.destinationArn to a queue.",
        types=(resource_types.MAPPING,),
        check=dead_letters,
        looks_around=True,
    ),
)
