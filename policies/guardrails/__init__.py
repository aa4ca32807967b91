"""What no stack may deploy, as rules over the resources that a program registers.

The policy pack runs them in `pulumi preview` and `pulumi up`, the tests over everything that the
program registers without an engine.
"""

from typing import Final

from guardrails import (
    access,
    encryption,
    functions,
    logs,
    permissions,
    production,
    queues,
    recursion,
    scans,
    streams,
    tables,
    trails,
    transport,
)
from guardrails.resource import Resource, Stack
from guardrails.rule import Rule, Violation, judge

RULES: Final[tuple[Rule, ...]] = (
    *encryption.RULES,
    *transport.RULES,
    *access.RULES,
    *permissions.RULES,
    *queues.RULES,
    *streams.RULES,
    *recursion.RULES,
    *functions.RULES,
    *logs.RULES,
    *tables.RULES,
    *trails.RULES,
    *scans.RULES,
    *production.RULES,
)

__all__ = ["RULES", "Resource", "Rule", "Stack", "Violation", "judge"]
