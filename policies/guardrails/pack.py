"""The rules as policies of Pulumi's policy engine.

https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/
"""

from collections.abc import Iterable
from types import MappingProxyType

import pulumi
from pulumi_policy import (
    Policy,
    PolicyComplianceFramework,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from guardrails import RULES
from guardrails.production import is_production
from guardrails.resource import Resource, Stack
from guardrails.rule import Rule


def policies() -> list[Policy]:
    """One policy a rule."""
    return [_stack_policy(rule) if rule.looks_around else _resource_policy(rule) for rule in RULES]


def _resource_policy(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type not in rule.types or not _applies(rule):
            return
        resource = Resource(
            type=args.resource_type, name=args.name, urn=args.urn, props=args.props, protect=args.opts.protect
        )
        for clause in rule.check(resource, Stack()):
            report(rule.message(resource, clause), None)

    return ResourceValidationPolicy(
        rule.name, rule.what, validate, remediation_steps=rule.fix, framework=_framework(rule), url=_url(rule)
    )


def _stack_policy(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        if not _applies(rule):
            return
        stack = Stack(_resources(args.resources))
        for resource in stack.resources:
            if resource.type in rule.types:
                for clause in _known_clauses(rule, resource, stack):
                    report(rule.message(resource, clause), resource.urn)

    return StackValidationPolicy(
        rule.name, rule.what, validate, remediation_steps=rule.fix, framework=_framework(rule), url=_url(rule)
    )


def _known_clauses(rule: Rule, resource: Resource, stack: Stack) -> list[str]:
    # A value that only an update brings to light hides one resource from a preview, not all.
    try:
        return list(rule.check(resource, stack))
    except UnknownValueError:
        return []


def _resources(resources: Iterable[PolicyResource]) -> list[Resource]:
    return [
        Resource(
            type=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            props=resource.props,
            protect=resource.opts.protect,
            references=MappingProxyType(
                {
                    key: tuple(target.urn for target in targets)
                    for key, targets in resource.property_dependencies.items()
                }
            ),
        )
        for resource in resources
    ]


def _applies(rule: Rule) -> bool:
    if not rule.production:
        return True
    protect = bool(pulumi.Config().get_bool("protect"))
    return is_production(pulumi.get_stack(), protect=protect)


def _framework(rule: Rule) -> PolicyComplianceFramework | None:
    if rule.control is None:
        return None
    return PolicyComplianceFramework(
        name=rule.control.standard, reference=", ".join(rule.control.ids), specification=_url(rule)
    )


def _url(rule: Rule) -> str | None:
    return rule.control.url if rule.control else None
