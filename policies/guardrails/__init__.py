"""Guardrails: rules for the resources that a program registers, one module per topic.

The policy pack runs them in `pulumi preview` and `pulumi up`, the tests over everything that the
program registers without an engine.
"""

from typing import Final

from guardrails import (
    cloudtrail,
    dynamodb_tables,
    encryption,
    functions,
    iam_permissions,
    logs,
    malware_scans,
    production,
    public_access,
    queues,
    recursion,
    table_streams,
    tls,
)
from guardrails.resource import Resource, Stack
from guardrails.rule import Rule, Violation, judge

_BY_TOPIC: Final = (
    encryption,
    tls,
    public_access,
    iam_permissions,
    queues,
    table_streams,
    recursion,
    functions,
    logs,
    dynamodb_tables,
    cloudtrail,
    malware_scans,
    production,
)
RULES: Final = tuple(each for topic in _BY_TOPIC for each in vars(topic).values() if isinstance(each, Rule))

__all__ = ["RULES", "Resource", "Rule", "Stack", "Violation", "judge"]
