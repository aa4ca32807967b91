"""What the provider counts as CloudWatch: log groups."""

from local.deployer.naming import physical_name
from local.deployer.registry import Created, Resource, Target, creates


@creates("aws:cloudwatch/logGroup:LogGroup")
def log_group(target: Target, resource: Resource) -> Created:
    """A log group with its retention."""
    name = physical_name(resource, limit=512)
    client = target.client("logs")
    client.create_log_group(logGroupName=name, tags=resource["tags"])
    if resource.get("retentionInDays"):
        client.put_retention_policy(logGroupName=name, retentionInDays=resource["retentionInDays"])
    return Created(name, {"name": name, "arn": target.arn("logs", f"log-group:{name}")})
