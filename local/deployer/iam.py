"""IAM roles and the policies in them."""

from local.deployer.naming import physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates


@creates("aws:iam/role:Role")
def role(target: Target, resource: Registration) -> Created:
    """A role with its inline and managed policies; its id is its name."""
    name = physical_name(resource, limit=64)
    client = target.client("iam")
    created = client.create_role(
        RoleName=name,
        Path=resource.get("path", "/"),
        AssumeRolePolicyDocument=resource["assumeRolePolicy"],
        Description=resource.get("description", ""),
        Tags=tag_list(resource["tags"]),
        **resource.members("permissionsBoundary"),
    )["Role"]
    for policy in resource.get("inlinePolicies", []):
        client.put_role_policy(RoleName=name, PolicyName=policy["name"], PolicyDocument=policy["policy"])
    for arn in resource.get("managedPolicyArns", []):
        client.attach_role_policy(RoleName=name, PolicyArn=arn)
    return Created(name, {"name": name, "arn": created["Arn"], "uniqueId": created["RoleId"]})


@creates("aws:iam/rolePolicy:RolePolicy")
def role_policy(target: Target, resource: Registration) -> Created:
    """An inline policy of a role."""
    name = physical_name(resource, limit=128)
    target.client("iam").put_role_policy(
        RoleName=resource["role"], PolicyName=name, PolicyDocument=resource["policy"]
    )
    return Created(f"{resource['role']}:{name}", {"name": name})


@creates("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_policy_attachment(target: Target, resource: Registration) -> Created:
    """A managed policy that a role has."""
    target.client("iam").attach_role_policy(RoleName=resource["role"], PolicyArn=resource["policyArn"])
    return Created(f"{resource['role']}-{resource.name}")
