"""The policy pack's rules over what the program registered, without an engine."""

from dataclasses import replace

from guardrails import RULES, Resource, judge


def as_declared(registered):
    """The registrations as a policy for one resource sees them: inputs."""
    return [_resource(found, found.inputs) for found in registered.deployment.resources]


def as_deployed(registered):
    """The registrations as a policy for a stack sees them: inputs and outputs."""
    return [_resource(found, {**found.inputs, **found.outputs}) for found in registered.deployment.resources]


def violations(registered, *, production, change=lambda resources: resources):
    """What the rules object to, after `change` was made to all registrations."""
    of_resources = [rule for rule in RULES if not rule.needs_stack]
    of_stacks = [rule for rule in RULES if rule.needs_stack]
    return [
        *judge(of_resources, change(as_declared(registered)), production=production),
        *judge(of_stacks, change(as_deployed(registered)), production=production),
    ]


def setting(kind, **props):
    """A change: every registration of a type gets these properties."""
    return lambda resources: [
        replace(found, props={**found.props, **props}) if found.type == kind else found for found in resources
    ]


def leaving_out(kind):
    """A change: the registrations of a type are not made."""
    return lambda resources: [found for found in resources if found.type != kind]


def adding(kind, **props):
    """A change: one more registration."""
    return lambda resources: [*resources, Resource(type=kind, name="more", urn="urn:more", props=props)]


def unprotected(resources):
    """A change: Pulumi may delete everything."""
    return [replace(found, protect=False) for found in resources]


def _resource(found, props):
    return Resource(
        type=found.type,
        name=found.name,
        urn=found.urn,
        props=props,
        protect=found.protect,
        references=found.references,
    )
