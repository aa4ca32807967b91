"""Tables can be recovered."""

from collections.abc import Iterator

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, rule


@rule(
    "table-recoverable",
    resource_types.TABLE,
    fix="Set pointInTimeRecovery.enabled to true.",
    control=Control(ids=("DynamoDB.2",)),
)
def point_in_time_recovery(table: Resource, _: Stack) -> Iterator[str]:
    """A table has point-in-time recovery."""
    if not table.section("pointInTimeRecovery").get("enabled"):
        yield "cannot be restored to a point in time"
