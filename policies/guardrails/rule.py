"""Rules, and their verdict on a stack."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Required, TypedDict, Unpack

from guardrails.resource import Resource, Stack

FSBP: Final = "AWS Foundational Security Best Practices v1.0.0"
"""https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html"""

NIST: Final = "NIST SP 800-53 Revision 5"
"""Controls of AWS Security Hub that FSBP leaves out.
https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference-nist-800-53.html"""

ResourceCheck = Callable[[Resource], Iterator[str]]
StackCheck = Callable[[Resource, Stack], Iterator[str]]
"""Yields a clause per violation of the rule."""


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

    `what` is the rule in a sentence, `fix` the remedy for a violation. A rule that `needs_stack` is judged
    when all resources of the stack are known, the others as soon as their resource is. A rule for
    `production` holds only in production stacks.
    """

    name: str
    what: str
    fix: str
    types: tuple[str, ...]
    check: StackCheck
    needs_stack: bool
    control: Control | None = None
    production: bool = False

    def message(self, resource: Resource, clause: str) -> str:
        """The message about a violation."""
        return f"{resource.name} {clause}. {self.fix}"


class _Details(TypedDict, total=False):
    fix: Required[str]
    control: Control
    production: bool


def resource_rule(name: str, *types: str, **details: Unpack[_Details]) -> Callable[[ResourceCheck], Rule]:
    """Make a rule of a check of one resource; its docstring is the rule in a sentence."""
    return lambda check: Rule(
        name=name,
        what=inspect.getdoc(check) or "",
        types=types,
        check=lambda resource, _: check(resource),
        needs_stack=False,
        **details,
    )


def stack_rule(name: str, *types: str, **details: Unpack[_Details]) -> Callable[[StackCheck], Rule]:
    """Make a rule of a check of a resource among all others of its stack, likewise."""
    return lambda check: Rule(
        name=name, what=inspect.getdoc(check) or "", types=types, check=check, needs_stack=True, **details
    )


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
        for clause in rule.check(resource, stack)
    ]
