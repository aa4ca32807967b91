"""Logs are kept, and not for ever."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource, Stack
from guardrails.rule import NIST, Control, Rule


def retention(group: Resource, _: Stack) -> Iterator[str]:
    """A log group forgets; with 0 days, or none given, it never does."""
    if not group.props.get("retentionInDays"):
        yield "keeps its logs for ever"


def own_log_group(function: Resource, _: Stack) -> Iterator[str]:
    """A function logs to a group of the program: the one Lambda makes by itself never forgets."""
    if "logGroup" not in set(function.section("loggingConfig")):
        yield "logs to a group that Lambda creates, which keeps its logs for ever"


def access_log(stage: Resource, _: Stack) -> Iterator[str]:
    """A stage of an API logs who called it."""
    if "destinationArn" not in set(stage.section("accessLogSettings")):
        yield "does not log who calls it"


RULES: Final = (
    Rule(
        name="log-retention",
        what="A log group has a retention period.",
        mend="Set retentionInDays.",
        types=(resource_types.LOG_GROUP,),
        check=retention,
        # The control wants 365 days unless told otherwise; here the stack's logRetentionDays decides.
        control=Control(ids=("CloudWatch.16",), standard=NIST),
    ),
    Rule(
        name="function-log-group",
        what="A function logs to a log group of the program.",
        mend="Set loggingConfig.logGroup to a LogGroup with retentionInDays.",
        types=(resource_types.FUNCTION,),
        check=own_log_group,
        control=Control(ids=("CloudWatch.16",), standard=NIST),
    ),
    Rule(
        name="api-access-log",
        what="A stage of an HTTP API logs its requests.",
        mend="Set accessLogSettings to a LogGroup and a format.",
        types=(resource_types.STAGE,),
        check=access_log,
        control=Control(ids=("APIGateway.9",)),
    ),
)
