"""Logs are kept, and not for ever."""

from collections.abc import Iterator

from guardrails import resource_types
from guardrails.resource import Resource
from guardrails.rule import NIST, Control, resource_rule


@resource_rule(
    "log-retention",
    resource_types.LOG_GROUP,
    fix="Set retentionInDays.",
    control=Control(ids=("CloudWatch.16",), standard=NIST),
)
def retention(group: Resource) -> Iterator[str]:
    """A log group has a retention period."""
    if not group.props.get("retentionInDays"):
        yield "keeps its logs for ever"


@resource_rule(
    "function-log-group",
    resource_types.FUNCTION,
    fix="Set loggingConfig.logGroup to a LogGroup with retentionInDays.",
    control=Control(ids=("CloudWatch.16",), standard=NIST),
)
def own_log_group(function: Resource) -> Iterator[str]:
    """A function logs to a log group of the program."""
    if "logGroup" not in set(function.section("loggingConfig")):
        yield "logs to a group that Lambda creates, which keeps its logs for ever"


@resource_rule(
    "api-access-log",
    resource_types.STAGE,
    fix="Set accessLogSettings to a LogGroup and a format.",
    control=Control(ids=("APIGateway.9",)),
)
def access_log(stage: Resource) -> Iterator[str]:
    """A stage of an HTTP API logs its requests."""
    if "destinationArn" not in set(stage.section("accessLogSettings")):
        yield "does not log who calls it"
