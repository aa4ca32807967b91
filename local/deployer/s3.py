"""S3 buckets and the resources that configure them; the id of each is the bucket's name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Created, Registration, Target, creates
from local.deployer.resource_policies import without_tls_only

# Where the API does not just capitalise what the provider writes.
_SPELLED = {"id": "ID", "sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
_PUBLIC_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@creates("aws:s3/bucket:Bucket")
def bucket(target: Target, resource: Registration) -> Created:
    """A bucket in the region of the stack."""
    name = physical_name(resource, limit=63, key="bucket").lower()
    resource.pass_over("forceDestroy")  # nothing is destroyed here: the emulator just ends
    location = {}
    if target.region != "us-east-1":  # the one region that the API does not take by name
        location = {"CreateBucketConfiguration": {"LocationConstraint": target.region}}
    client = target.client("s3")
    client.create_bucket(Bucket=name, **location)
    if resource["tags"]:
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(resource["tags"])})
    domain = f"{name}.s3.{target.region}.amazonaws.com"
    return Created(
        name,
        {
            "bucket": name,
            "arn": f"arn:aws:s3:::{name}",
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": domain,
            "bucketRegion": target.region,
        },
    )


class _Setting(NamedTuple):
    """A resource that sets up a bucket by one call: the call, its argument, and the value of that."""

    call: str
    argument: str
    value: Callable[[Registration], Any]


_SETTINGS: Final[Mapping[str, _Setting]] = {
    "aws:s3/bucketVersioning:BucketVersioning": _Setting(
        "put_bucket_versioning",
        "VersioningConfiguration",
        lambda resource: api_shape(resource["versioningConfiguration"]),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _Setting(
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        lambda resource: {"Rules": [_encryption_rule(rule) for rule in resource["rules"]]},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _Setting(
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        lambda resource: api_shape({key: resource.get(key, False) for key in _PUBLIC_ACCESS}),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _Setting(
        "put_bucket_ownership_controls",
        "OwnershipControls",
        lambda resource: {"Rules": [api_shape(resource["rule"])]},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _Setting(
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        lambda resource: {
            "Rules": [{"Filter": {"Prefix": ""}, **api_shape(rule, _SPELLED)} for rule in resource["rules"]]
        },
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _Setting(
        "put_bucket_cors",
        "CORSConfiguration",
        lambda resource: {"CORSRules": api_shape(resource["corsRules"], _SPELLED)},
    ),
}


def _apply(setting: _Setting, target: Target, resource: Registration) -> Created:
    put = getattr(target.client("s3"), setting.call)
    put(Bucket=resource["bucket"], **{setting.argument: setting.value(resource)})
    return Created(resource["bucket"])


for _type, _setting in _SETTINGS.items():
    creates(_type)(partial(_apply, _setting))


@creates("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(target: Target, resource: Registration) -> Created:
    """The bucket's policy, as far as the emulator can hold it."""
    policy = without_tls_only(target, resource["policy"])
    if policy:
        target.client("s3").put_bucket_policy(Bucket=resource["bucket"], Policy=policy)
    return Created(resource["bucket"])


@creates("aws:s3/bucketLogging:BucketLogging")
def bucket_logging(target: Target, resource: Registration) -> Created:
    """Where the access to a bucket is logged."""
    enabled = api_shape(resource.members("targetBucket", "targetPrefix", "targetObjectKeyFormat"))
    target.client("s3").put_bucket_logging(
        Bucket=resource["bucket"], BucketLoggingStatus={"LoggingEnabled": enabled}
    )
    target.leave_out("the access logs of buckets: the emulator delivers none")
    return Created(resource["bucket"])


@creates("aws:s3/bucketNotification:BucketNotification")
def bucket_notification(target: Target, resource: Registration) -> Created:
    """Which events go to which queue, topic or function."""
    configuration = {
        "QueueConfigurations": [_notification(each, "queueArn") for each in resource.get("queues", [])],
        "TopicConfigurations": [_notification(each, "topicArn") for each in resource.get("topics", [])],
        "LambdaFunctionConfigurations": [
            _notification(each, "lambdaFunctionArn") for each in resource.get("lambdaFunctions", [])
        ],
    }
    given: dict[str, Any] = {key: value for key, value in configuration.items() if value}
    if resource.get("eventbridge"):
        given["EventBridgeConfiguration"] = {}
    target.client("s3").put_bucket_notification_configuration(
        Bucket=resource["bucket"], NotificationConfiguration=given
    )
    return Created(resource["bucket"])


def _encryption_rule(rule: Any) -> dict[str, Any]:
    shaped: dict[str, Any] = api_shape(rule, _SPELLED)
    if "BlockedEncryptionTypes" in shaped:  # a list to the provider, a structure to the API
        shaped["BlockedEncryptionTypes"] = {"EncryptionType": shaped["BlockedEncryptionTypes"]}
    return shaped


def _notification(configured: Any, destination: str) -> dict[str, Any]:
    filters = [
        {"Name": name, "Value": configured[key]}
        for name, key in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
        if configured.get(key)
    ]
    shaped = {
        destination[:1].upper() + destination[1:]: configured[destination],
        "Events": configured["events"],
    }
    if configured.get("id"):
        shaped["Id"] = configured["id"]
    if filters:
        shaped["Filter"] = {"Key": {"FilterRules": filters}}
    return shaped
