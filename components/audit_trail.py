"""Who read and wrote what: access logs of the buckets, data events, and the bucket that keeps both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.base.key import AWS_KEYS, Key
from components.base.private_bucket import PrivateBucket
from components.buckets import OriginalsBucket, VariantsBucket
from components.config.audit import AuditConfig
from components.delivery import Delivery
from components.table import ImageTable

_ACCESS_LOGS: Final = "access/"
_EVENTS: Final = "events"
# Log delivery from CloudFront is configured there, wherever the stack and the bucket are.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
_DELIVERY_REGION: Final = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class AuditTrailArgs:
    """`key` encrypts the data events. With a `delivery`, its access is logged too."""

    location: Location
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    delivery: Delivery | None
    config: AuditConfig


class LogsBucket(PrivateBucket):
    """Takes logs of S3 about the two buckets and of the distribution, events of one trail, and nothing of
    anybody else.

    No role of the pipeline may read or write it, and its own access is not logged: that would
    never end. It keeps no versions, since its writers never write a key twice.
    """

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        # S3 delivers access logs to buckets with its own keys only, not with those of KMS:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        super().__init__(
            "LogsBucket",
            name,
            protect=args.config.protect,
            key=AWS_KEYS,
            statements=partial(_writers, args),
            opts=opts,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.config.audit_retention_days},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )


class AuditTrail(Component):
    """Lets S3 log the requests to both buckets, and CloudTrail who reads and writes objects and rows."""

    logs: LogsBucket
    trail: aws.cloudtrail.Trail | None = None

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("AuditTrail", name, opts)
        self.logs = LogsBucket(f"{name}-logs", args, pulumi.ResourceOptions(parent=self))
        # Who delivers must be let in first: CloudTrail refuses a bucket that it may not write to.
        admitted = pulumi.ResourceOptions(parent=self, depends_on=[self.logs.policy])
        if args.config.access_logs:
            for kind, bucket in (("originals", args.originals), ("variants", args.variants)):
                aws.s3.BucketLogging(
                    f"{name}-{kind}",
                    bucket=bucket.name,
                    target_bucket=self.logs.name,
                    target_prefix=_ACCESS_LOGS,
                    # A folder a bucket and day, in which are the requests of that day alone.
                    target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
                    opts=admitted,
                )
            if args.delivery:
                self._log_delivery(f"{name}-delivery", args.delivery, admitted)
        if args.config.data_events:
            self.trail = aws.cloudtrail.Trail(
                f"{name}-events",
                name=_trail_name(self.logs),
                s3_bucket_name=self.logs.name,
                s3_key_prefix=_EVENTS,
                kms_key_id=args.key.arn,
                enable_log_file_validation=True,
                include_global_service_events=False,
                is_multi_region_trail=False,
                advanced_event_selectors=_selectors(args),
                opts=admitted,
            )
        self.register_outputs({"logsBucket": self.logs.name})

    def _log_delivery(self, name: str, delivery: Delivery, opts: pulumi.ResourceOptions) -> None:
        """Standard logging of CloudFront, version 2: the first wants a bucket with access control lists."""
        source = aws.cloudwatch.LogDeliverySource(
            f"{name}-source",
            region=_DELIVERY_REGION,
            log_type="ACCESS_LOGS",
            resource_arn=delivery.distribution.arn,
            opts=opts,
        )
        destination = aws.cloudwatch.LogDeliveryDestination(
            f"{name}-bucket",
            region=_DELIVERY_REGION,
            output_format="json",
            delivery_destination_configuration={"destination_resource_arn": self.logs.arn},
            opts=opts,
        )
        aws.cloudwatch.LogDelivery(
            name,
            region=_DELIVERY_REGION,
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            opts=opts,
        )


def _trail_name(logs: PrivateBucket) -> pulumi.Output[str]:
    # The bucket's policy names the trail, which cannot be there before that policy is.
    return logs.name


def _writers(args: AuditTrailArgs, logs: PrivateBucket) -> Sequence[Mapping[str, Any]]:
    return [
        *([_s3_delivers(args, logs)] if args.config.access_logs else []),
        *([_distribution_delivers(args.location, logs)] if args.config.access_logs and args.delivery else []),
        *(_cloudtrail_delivers(args.location, logs) if args.config.data_events else []),
    ]


def _s3_delivers(args: AuditTrailArgs, logs: PrivateBucket) -> Mapping[str, Any]:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    return {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(logs.arn, "/", _ACCESS_LOGS, "*"),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": [args.originals.arn, args.variants.arn]},
            "StringEquals": {"aws:SourceAccount": args.location.account},
        },
    }


def _distribution_delivers(location: Location, logs: PrivateBucket) -> Mapping[str, Any]:
    # As AWS writes it, which would else add a statement of its own to the policy.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    sources = pulumi.Output.format(
        "arn:{0}:logs:{1}:{2}:delivery-source:*", location.partition, _DELIVERY_REGION, location.account
    )
    return {
        "Sid": "AWSLogDeliveryWrite",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(logs.arn, "/AWSLogs/", location.account, "/*"),
        "Condition": {
            "ArnLike": {"aws:SourceArn": sources},
            "StringEquals": {
                "aws:SourceAccount": location.account,
                "s3:x-amz-acl": "bucket-owner-full-control",
            },
        },
    }


def _cloudtrail_delivers(location: Location, logs: PrivateBucket) -> Sequence[Mapping[str, Any]]:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    trail = location.arn("cloudtrail", pulumi.Output.concat("trail/", _trail_name(logs)))
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return [
        {
            **allow,
            "Sid": "TrailChecksBucketOwner",
            "Action": "s3:GetBucketAcl",
            "Resource": logs.arn,
            "Condition": {"StringEquals": {"aws:SourceArn": trail}},
        },
        {
            **allow,
            "Sid": "TrailEvents",
            "Action": "s3:PutObject",
            "Resource": pulumi.Output.concat(logs.arn, "/", _EVENTS, "/AWSLogs/", location.account, "/*"),
            "Condition": {
                "StringEquals": {"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}
            },
        },
    ]


def _selectors(args: AuditTrailArgs) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgsDict]:
    # With these alone, a trail records no management events:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
    objects = [pulumi.Output.concat(bucket.arn, "/") for bucket in (args.originals, args.variants)]
    return [
        _selector("objects", "AWS::S3::Object", {"field": "resources.ARN", "starts_withs": objects}),
        _selector("rows", "AWS::DynamoDB::Table", {"field": "resources.ARN", "equals": [args.table.arn]}),
    ]


def _selector(
    name: str, kind: str, which: aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgsDict
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgsDict:
    return {
        "name": name,
        "field_selectors": [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.type", "equals": [kind]},
            which,
        ],
    }
