"""Tables can be recovered."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, Rule


def point_in_time_recovery(table: Resource, _: Stack) -> Iterator[str]:
    """A table can be restored to any second of the last weeks."""
    if not table.section("pointInTimeRecovery").get("enabled"):
        yield "cannot be restored to a point in time"


RULES: Final = (
    Rule(
        name="table-recoverable",
        what="A table has point-in-time recovery.",
        mend="Set pointInTimeRecovery.enabled to true.",
        types=(resource_types.TABLE,),
        check=point_in_time_recovery,
        control=Control(ids=("DynamoDB.2",)),
    ),
)
