"""What roles may do, and who may be them."""

import re
from collections.abc import Iterator
from typing import Final

from guardrails import resource_types
from guardrails.policy_documents import allowed, everyone, listed
from guardrails.resource import Resource
from guardrails.rule import Control, resource_rule

_IDENTITY_POLICIES: Final = (
    resource_types.ROLE_POLICY,
    resource_types.POLICY,
    resource_types.USER_POLICY,
    resource_types.GROUP_POLICY,
)

WITHOUT_FINER_GRAIN: Final = {
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    "dynamodb:ListStreams": "DynamoDB knows no resources for it",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    "xray:PutTraceSegments": "X-Ray knows no resources for it",
    "xray:PutTelemetryRecords": "X-Ray knows no resources for it",
}
"""Actions that AWS allows on every resource or on none, and why each is needed on `*`."""

NAMED_BY_AWS: Final = {
    # https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite.html
    "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*": "GuardDuty ends it as it likes"
}
"""Resources that a service of AWS makes and names, and why no more than their beginning is known."""

_BROAD: Final = re.compile(r":policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess|.*FullAccess)$")


@resource_rule(
    "iam-named-actions",
    *_IDENTITY_POLICIES,
    fix="List the actions that are needed.",
    control=Control(ids=("IAM.21", "IAM.1")),
)
def wildcard_actions(policy: Resource) -> Iterator[str]:
    """An identity policy names every action that it allows."""
    for statement in allowed(policy.props.get("policy")):
        if "NotAction" in statement:
            yield "allows every action except some"
        for action in listed(statement.get("Action")):
            if "*" in action or "?" in action:
                yield f"allows {action}"


@resource_rule(
    "iam-named-resources",
    *_IDENTITY_POLICIES,
    fix="List their ARNs; a wildcard may only follow a name. An action for which AWS has no "
    "resources belongs in guardrails.iam_permissions.WITHOUT_FINER_GRAIN.",
    control=Control(ids=("IAM.1", "KMS.1", "KMS.2")),
)
def wildcard_resources(policy: Resource) -> Iterator[str]:
    """An identity policy names the resources of every action that has some."""
    for statement in allowed(policy.props.get("policy")):
        if "NotResource" in statement:
            yield "allows actions on every resource except some"
        actions = set(listed(statement.get("Action"))) - WITHOUT_FINER_GRAIN.keys()
        for resource in listed(statement.get("Resource")):
            if actions and _nameless(resource):
                yield f"allows {', '.join(sorted(actions))} on {resource}"


def _nameless(arn: str) -> bool:
    """Whether a wildcard stands where an ARN names the service, the account or the resource.

    `arn:aws:s3:::photos/*` is the inside of one bucket, `arn:aws:dynamodb:…:table/*` any table.
    """
    if arn == "*" or arn.count(":") < 5:
        return True
    _, _, service, region, account, resource = arn.split(":", 5)
    parts = re.split("[:/]", resource)
    name = parts[0] if service == "s3" or len(parts) == 1 else parts[1]
    if resource in NAMED_BY_AWS:
        name = ""
    return any("*" in part or "?" in part for part in (service, region, account, name))


@resource_rule(
    "iam-no-broad-managed-policy",
    resource_types.ROLE,
    resource_types.POLICY_ATTACHMENT,
    fix="Attach a policy with the actions and resources that are needed.",
    control=Control(ids=("IAM.1",)),
)
def broad_managed_policies(resource: Resource) -> Iterator[str]:
    """A role carries none of AWS's full-access policies."""
    attached = [*listed(resource.props.get("policyArn")), *listed(resource.props.get("managedPolicyArns"))]
    for arn in attached:
        if _BROAD.search(arn):
            yield f"attaches {arn.rpartition('/')[2]}"


@resource_rule(
    "iam-named-trust", resource_types.ROLE, fix="Name the service or the account in assumeRolePolicy."
)
def trust(role: Resource) -> Iterator[str]:
    """A role is assumed by named principals only."""
    for statement in allowed(role.props.get("assumeRolePolicy")):
        if everyone(statement):
            yield "can be assumed by everyone"
