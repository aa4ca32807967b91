"""A bucket's notifications never start what causes them.

https://docs.aws.amazon.com/lambda/latest/dg/with-s3-tutorial.html#with-s3-tutorial-prepare-create-lambda
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from guardrails import resource_types
from guardrails.policy_documents import Statement, allowed, listed
from guardrails.resource import Resource, Stack
from guardrails.rule import stack_rule

_CAUSES: Final = {
    "s3:ObjectCreated:": ("s3:PutObject", "s3:ReplicateObject"),
    "s3:ObjectRemoved:": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:ObjectTagging:": ("s3:PutObjectTagging", "s3:DeleteObjectTagging"),
    "s3:ObjectAcl:": ("s3:PutObjectAcl",),
}
"""Families of events, and the actions that cause them."""


@stack_rule(
    "notification-never-recurses",
    resource_types.BUCKET_NOTIFICATION,
    fix="Let it write to another bucket, or outside the filterPrefix of the notification.",
)
def recursion(notification: Resource, stack: Stack) -> Iterator[str]:
    """A function that is notified about a bucket's objects cannot cause the same events itself."""
    buckets = stack.pointed_at(notification, "bucket", resource_types.BUCKET)
    for key in ("lambdaFunctions", "queues"):
        functions = _listeners(notification, key, stack)
        for entry in notification.props.get(key) or []:
            for bucket in buckets:
                objects = _objects(bucket, entry)
                for function in functions:
                    for action in _causing(function, entry, objects, stack):
                        yield f"notifies {function.name} of objects on which it may do {action} itself"


def _listeners(notification: Resource, key: str, stack: Stack) -> list[Resource]:
    if key == "lambdaFunctions":
        return stack.pointed_at(notification, key, resource_types.FUNCTION)
    return [
        function
        for queue in stack.pointed_at(notification, key, resource_types.QUEUE)
        for mapping in stack.pointing_at(queue, resource_types.MAPPING, "eventSourceArn")
        for function in stack.pointed_at(mapping, "functionName", resource_types.FUNCTION)
    ]


def _objects(bucket: Resource, entry: Mapping[str, Any]) -> str:
    prefix, suffix = entry.get("filterPrefix") or "", entry.get("filterSuffix") or ""
    return f"arn:aws:s3:::{bucket.props['bucket']}/{prefix}*{suffix}"


def _causing(function: Resource, entry: Mapping[str, Any], objects: str, stack: Stack) -> list[str]:
    causes = {
        action
        for event in listed(entry.get("events"))
        for family, actions in _CAUSES.items()
        if event.startswith(family)
        for action in actions
    }
    return sorted(
        action
        for action in causes
        if any(_permits(statement, action, objects) for statement in _grants(function, stack))
    )


def _grants(function: Resource, stack: Stack) -> list[Statement]:
    return [
        statement
        for role in stack.pointed_at(function, "role", resource_types.ROLE)
        for policy in [
            *stack.pointing_at(role, resource_types.ROLE_POLICY, "role"),
            *(
                policy
                for attachment in stack.pointing_at(role, resource_types.POLICY_ATTACHMENT, "role")
                for policy in stack.pointed_at(attachment, "policyArn", resource_types.POLICY)
            ),
        ]
        for statement in allowed(policy.props.get("policy"))
    ]


def _permits(statement: Statement, action: str, objects: str) -> bool:
    return any(
        overlap(pattern.lower(), action.lower()) for pattern in listed(statement.get("Action"))
    ) and any(overlap(pattern, objects) for pattern in listed(statement.get("Resource")))


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns, in which `*` stands for any text and `?` for a character."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(one, other[1:]) or overlap(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and overlap(one[1:], other[1:])
