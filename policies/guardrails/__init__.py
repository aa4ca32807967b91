"""What no stack may deploy, as rules over the resources that a program registers.

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

RULES: Final[tuple[Rule, ...]] = (
    *encryption.RULES,
    *tls.RULES,
    *public_access.RULES,
    *iam_permissions.RULES,
    *queues.RULES,
    *table_streams.RULES,
    *recursion.RULES,
    *functions.RULES,
    *logs.RULES,
    *dynamodb_tables.RULES,
    *cloudtrail.RULES,
    *malware_scans.RULES,
    *production.RULES,
)

__all__ = ["RULES", "Resource", "Rule", "Stack", "Violation", "judge"]
