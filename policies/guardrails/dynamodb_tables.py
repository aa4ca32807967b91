"""Tables can be recovered."""

from collections.abc import Iterator

from guardrails import resource_types
from guardrails.resource import Resource
from guardrails.rule import Control, resource_rule


@resource_rule(
    "table-recoverable",
    resource_types.TABLE,
    fix="Set pointInTimeRecovery.enabled to true.",
    control=Control(ids=("DynamoDB.2",)),
)
def point_in_time_recovery(table: Resource) -> Iterator[str]:
    """A table has point-in-time recovery."""
    if not table.section("pointInTimeRecovery").get("enabled"):
        yield "cannot be restored to a point in time"
