"""CloudTrail trails."""

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates

# The provider writes in the plural what the API writes in the singular.
_SPELLED = {"startsWiths": "StartsWith", "endsWiths": "EndsWith"}


@creates("aws:cloudtrail/trail:Trail")
def trail(target: Target, resource: Registration) -> Created:
    """A trail that says what it would record; its id is its ARN."""
    client = target.client("cloudtrail")
    name = physical_name(resource, limit=128)
    arn = client.create_trail(
        Name=name,
        TagsList=tag_list(resource["tags"]),
        **resource.members(
            "enableLogFileValidation",
            "includeGlobalServiceEvents",
            "isMultiRegionTrail",
            "kmsKeyId",
            "s3BucketName",
            "s3KeyPrefix",
        ),
    )["TrailARN"]
    selectors = api_shape(resource.get("advancedEventSelectors", []), _SPELLED)
    if selectors:
        client.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    client.start_logging(Name=name)
    target.leave_out("the events of CloudTrail trails: the emulator delivers none")
    return Created(arn, {"name": name, "arn": arn, "homeRegion": target.region})
