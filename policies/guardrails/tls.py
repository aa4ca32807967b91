"""Encryption in transit: resource policies that refuse whatever does not come over TLS."""

from collections.abc import Iterator
from typing import Any, Final

from guardrails import resource_types
from guardrails.policy_documents import Statement, everyone, listed, statements
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, stack_rule

_POLICIES: Final = {
    resource_types.BUCKET: (resource_types.BUCKET_POLICY, "bucket", "s3:*"),
    resource_types.QUEUE: (resource_types.QUEUE_POLICY, "queueUrl", "sqs:*"),
    # A topic refuses `sns:*` in its policy: only the actions that concern the topic are accepted.
    resource_types.TOPIC: (resource_types.TOPIC_POLICY, "arn", "sns:Publish"),
}


def tls_only(resource: Resource, stack: Stack) -> Iterator[str]:
    """A policy of the resource denies everyone everything that is not sent over TLS."""
    kind, key, actions = _POLICIES[resource.type]
    policies = stack.pointing_at(resource, kind, key)
    if not any(
        _denies_plain_text(statement, actions)
        for policy in policies
        for statement in statements(policy.props.get("policy"))
    ):
        yield "accepts requests without TLS"


def _denies_plain_text(statement: Statement, actions: str) -> bool:
    condition: Any = statement.get("Condition") or {}
    secure = listed((condition.get("Bool") or {}).get("aws:SecureTransport"))
    return (
        statement.get("Effect") == "Deny"
        and everyone(statement)
        and bool({actions, "*"} & set(listed(statement.get("Action"))))
        and [value.lower() for value in secure] == ["false"]
        and len(condition) == 1
    )


@stack_rule(
    "bucket-tls-only",
    resource_types.BUCKET,
    fix="Add a BucketPolicy that denies s3:* to everyone when aws:SecureTransport is false.",
    control=Control(ids=("S3.5",)),
)
def bucket_tls_only(resource: Resource, stack: Stack) -> Iterator[str]:
    """A bucket refuses requests without TLS."""
    return tls_only(resource, stack)


@stack_rule(
    "messages-tls-only",
    resource_types.QUEUE,
    resource_types.TOPIC,
    fix="Add a policy that denies sqs:* (or sns:Publish) to everyone when aws:SecureTransport is false.",
)
def messages_tls_only(resource: Resource, stack: Stack) -> Iterator[str]:
    """A queue or topic refuses requests without TLS."""
    return tls_only(resource, stack)
