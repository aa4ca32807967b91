"""CloudTrail trails."""

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Created, Resource, Target, creates

# The provider writes in the plural what the API writes in the singular.
_SPELLED = {"startsWiths": "StartsWith", "endsWiths": "EndsWith"}


@creates("aws:cloudtrail/trail:Trail")
def trail(target: Target, resource: Resource) -> Created:
    """A trail that says what it would record; its id is its ARN."""
    client = target.client("cloudtrail")
    name = physical_name(resource, limit=128)
    optional = {"KmsKeyId": resource["kmsKeyId"]} if "kmsKeyId" in resource.inputs else {}
    arn = client.create_trail(
        Name=name,
        S3BucketName=resource["s3BucketName"],
        S3KeyPrefix=resource.get("s3KeyPrefix", ""),
        IncludeGlobalServiceEvents=resource.get("includeGlobalServiceEvents", True),
        IsMultiRegionTrail=resource.get("isMultiRegionTrail", False),
        EnableLogFileValidation=resource.get("enableLogFileValidation", False),
        TagsList=tag_list(resource["tags"]),
        **optional,
    )["TrailARN"]
    selectors = api_shape(resource.get("advancedEventSelectors", []), _SPELLED)
    if selectors:
        client.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    client.start_logging(Name=name)
    target.leave_out("the events of CloudTrail trails: the emulator delivers none")
    return Created(arn, {"name": name, "arn": arn, "homeRegion": target.region})
