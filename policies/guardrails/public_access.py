"""Nothing is open to everyone."""

from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.policy_documents import allowed, everyone
from guardrails.resource import Resource, Stack
from guardrails.rule import Control, resource_rule, stack_rule

_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@stack_rule(
    "bucket-private",
    resource_types.BUCKET,
    fix="Give it a BucketPublicAccessBlock with all four settings true.",
    control=Control(ids=("S3.8", "S3.2", "S3.3")),
)
def bucket_private(bucket: Resource, stack: Stack) -> Iterator[str]:
    """A bucket blocks public access."""
    blocks = stack.pointing_at(bucket, resource_types.PUBLIC_ACCESS_BLOCK, "bucket")
    if not blocks:
        yield "does not block public access"
    for block in blocks:
        if missing := [name for name in _BLOCKS if block.props.get(name) is not True]:
            yield f"blocks public access without {', '.join(missing)}"


@stack_rule(
    "bucket-without-acls",
    resource_types.BUCKET,
    fix="Give it BucketOwnershipControls with BucketOwnerEnforced.",
    control=Control(ids=("S3.12",)),
)
def bucket_without_acls(bucket: Resource, stack: Stack) -> Iterator[str]:
    """A bucket knows no access control lists."""
    controls = stack.pointing_at(bucket, resource_types.BUCKET_OWNERSHIP, "bucket")
    if not any(
        control.section("rule").get("objectOwnership") == "BucketOwnerEnforced" for control in controls
    ):
        yield "lets access control lists decide who reads its objects"


@resource_rule(
    "resource-policy-private",
    resource_types.BUCKET_POLICY,
    resource_types.QUEUE_POLICY,
    resource_types.TOPIC_POLICY,
    resource_types.KEY,
    resource_types.KEY_POLICY,
    fix="Name the principal that needs it, or use a Deny statement.",
    control=Control(ids=("SQS.3", "SNS.4", "KMS.5", "S3.2", "S3.3")),
)
def resource_policy_private(resource: Resource) -> Iterator[str]:
    """The policy of a bucket, queue, topic or key allows nothing to everyone."""
    for statement in allowed(resource.props.get("policy")):
        if everyone(statement):
            yield f"allows {statement.get('Action')} to everyone"


@resource_rule(
    "function-private",
    resource_types.PERMISSION,
    resource_types.FUNCTION_URL,
    fix="Set sourceArn in the Permission, or authorizationType AWS_IAM in the function URL.",
    control=Control(ids=("Lambda.1",)),
)
def function_private(resource: Resource) -> Iterator[str]:
    """A function is invoked by named callers only, and by a service only for one source."""
    if resource.type == resource_types.FUNCTION_URL:
        if resource.props.get("authorizationType") != "AWS_IAM":
            yield "is a function URL that anyone can call"
        return
    principal = resource.props.get("principal")
    bound = {"sourceArn", "sourceAccount", "principalOrgId"} & set(resource.props)
    if principal == "*" or (str(principal).endswith(".amazonaws.com") and not bound):
        yield f"lets {principal} invoke the function for any account"
