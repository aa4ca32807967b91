"""Guardrails: rules for the resources that a program registers, one module per topic.

The policy pack runs them in `pulumi preview` and `pulumi up`, the tests over everything that the
program registers without an engine.
"""

from importlib import import_module
from typing import Final

from guardrails.resource import Resource, Stack
from guardrails.rule import Rule, Violation, judge

# In the order of docs/policies.md.
_TOPICS: Final = (
    "encryption",
    "tls",
    "public_access",
    "distributions",
    "iam_permissions",
    "event_sources",
    "recursion",
    "functions",
    "logs",
    "dynamodb_tables",
    "cloudtrail",
    "malware_scans",
    "production",
)
RULES: Final = tuple(
    each
    for topic in _TOPICS
    for each in vars(import_module(f"{__name__}.{topic}")).values()
    if isinstance(each, Rule)
)

__all__ = ["RULES", "Resource", "Rule", "Stack", "Violation", "judge"]
