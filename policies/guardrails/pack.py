"""The rules as policies of Pulumi's policy engine.

https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/
"""

from collections.abc import Iterable
from functools import partial
from types import MappingProxyType
from typing import Any

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
from guardrails.rule import Control, Rule


def policies() -> list[Policy]:
    """One policy per rule."""
    return [_policy(rule) for rule in RULES]


def _policy(rule: Rule) -> Policy:
    description = {"remediation_steps": rule.fix, **_control(rule.control)}
    if rule.needs_stack:
        return StackValidationPolicy(rule.name, rule.what, partial(_judge_stack, rule), **description)
    return ResourceValidationPolicy(rule.name, rule.what, partial(_judge_resource, rule), **description)


def _judge_resource(rule: Rule, args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type not in rule.types or not _applies(rule):
        return
    resource = Resource(
        type=args.resource_type, name=args.name, urn=args.urn, props=args.props, protect=args.opts.protect
    )
    for clause in rule.check(resource, Stack()):
        report(rule.message(resource, clause), None)


def _judge_stack(rule: Rule, args: StackValidationArgs, report: ReportViolation) -> None:
    if not _applies(rule):
        return
    stack = Stack(_resources(args.resources))
    for resource in stack.resources:
        if resource.type in rule.types:
            for clause in _known_clauses(rule, resource, stack):
                report(rule.message(resource, clause), resource.urn)


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


def _control(control: Control | None) -> dict[str, Any]:
    if control is None:
        return {}
    framework = PolicyComplianceFramework(
        name=control.standard, reference=", ".join(control.ids), specification=control.url
    )
    return {"framework": framework, "url": control.url}
