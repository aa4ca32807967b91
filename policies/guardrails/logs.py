"""Logs are kept, and not for ever."""

from collections.abc import Iterator

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import NIST, Control, rule


@rule(
    "log-retention",
    resource_types.LOG_GROUP,
    fix="Set retentionInDays.",
    control=Control(ids=("CloudWatch.16",), standard=NIST),
)
def retention(group: Resource, _: Stack) -> Iterator[str]:
    """A log group has a retention period."""
    if not group.props.get("retentionInDays"):
        yield "keeps its logs for ever"


@rule(
    "function-log-group",
    resource_types.FUNCTION,
    fix="Set loggingConfig.logGroup to a LogGroup with retentionInDays.",
    control=Control(ids=("CloudWatch.16",), standard=NIST),
)
def own_log_group(function: Resource, _: Stack) -> Iterator[str]:
    """A function logs to a log group of the program."""
    if "logGroup" not in set(function.section("loggingConfig")):
        yield "logs to a group that Lambda creates, which keeps its logs for ever"


@rule(
    "api-access-log",
    resource_types.STAGE,
    fix="Set accessLogSettings to a LogGroup and a format.",
    control=Control(ids=("APIGateway.9",)),
)
def access_log(stage: Resource, _: Stack) -> Iterator[str]:
    """A stage of an HTTP API logs its requests."""
    if "destinationArn" not in set(stage.section("accessLogSettings")):
        yield "does not log who calls it"
