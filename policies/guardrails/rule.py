"""Rules, and their verdict on a stack."""

import inspect
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

    `what` is the rule in a sentence, `fix` the remedy for a violation. A rule that `looks_around` sees the
    other resources of the stack; the others see an empty one. A rule for `production` holds only in
    production stacks.
    """

    name: str
    what: str
    fix: str
    types: tuple[str, ...]
    check: Check
    control: Control | None = None
    looks_around: bool = False
    production: bool = False

    def message(self, resource: Resource, clause: str) -> str:
        """The message about a violation."""
        return f"{resource.name} {clause}. {self.fix}"


def rule(
    name: str,
    *types: str,
    fix: str,
    control: Control | None = None,
    looks_around: bool = False,
    production: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a check; its docstring is the rule in a sentence."""

    def declare(check: Check) -> Rule:
        return Rule(
            name=name,
            what=inspect.getdoc(check) or "",
            fix=fix,
            types=types,
            check=check,
            control=control,
            looks_around=looks_around,
            production=production,
        )

    return declare


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
