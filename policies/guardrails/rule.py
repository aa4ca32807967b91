"""What a rule is, and how rules judge a stack."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from guardrails.resource import Resource, Stack

FSBP: Final = "AWS Foundational Security Best Practices v1.0.0"
"""https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html"""

NIST: Final = "NIST SP 800-53 Revision 5"
"""Controls of AWS Security Hub that FSBP leaves out.
https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference-nist-800-53.html"""

Check = Callable[[Resource, Stack], Iterator[str]]
"""Yields one clause for each thing that is wrong with the resource."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """Controls of AWS Security Hub that a rule answers: their ids, and the standard with them."""

    ids: tuple[str, ...]
    standard: str = FSBP

    @property
    def url(self) -> str:
        """The page of the first control."""
        anchor = self.ids[0].lower().replace(".", "-")
        page = f"{anchor.rpartition('-')[0]}-controls.html"
        return f"https://docs.aws.amazon.com/securityhub/latest/userguide/{page}#{anchor}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, judged for every resource of `types`.

    `what` is the rule in a sentence and `mend` says what to do about a violation. A rule that
    `looks_around` sees the other resources of the stack; the others see an empty one. A rule for
    `production` is asked only in production stacks.
    """

    name: str
    what: str
    mend: str
    types: tuple[str, ...]
    check: Check
    control: Control | None = None
    looks_around: bool = False
    production: bool = False

    def message(self, resource: Resource, clause: str) -> str:
        """What is told about a violation."""
        return f"{resource.name} {clause}. {self.mend}"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A resource that breaks a rule."""

    rule: str
    resource: str
    message: str


def judge(rules: Iterable[Rule], resources: Iterable[Resource], *, production: bool) -> list[Violation]:
    """Every violation of `rules` among `resources`, all of whose values are known."""
    stack = Stack(resources)
    return [
        Violation(rule=rule.name, resource=resource.name, message=rule.message(resource, clause))
        for rule in rules
        if production or not rule.production
        for resource in stack.resources
        if resource.type in rule.types
        for clause in rule.check(resource, stack if rule.looks_around else Stack())
    ]
