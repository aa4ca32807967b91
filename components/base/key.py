"""The KMS key that a pipeline encrypts with, and what its policy has to allow."""

import json
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.arns import Location
from components.base.component import Component
from components.base.iam import Grant
from components.base.retention import kept
from components.config.delivery import DeliveryConfig

CREATE: Final = "create"
"""The setting with which a pipeline creates its own key."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """The customer managed key of what stores data. Its `arn` is None where AWS's own keys are used.

    Resources take the ARN as it is: an input that is None is one that is not set.
    """

    arn: pulumi.Output[str] | None

    def use(self, service: str, *actions: str) -> tuple[Grant, ...]:
        """The grants that whoever calls `service` (`s3`) needs beside those of the service itself.

        The key is used on the caller's behalf, and cannot be used in any other way.
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        if self.arn is None:
            return ()
        via = pulumi.Output.concat(service, ".", Location.of(self.arn).region, ".amazonaws.com")
        return (
            Grant(
                actions=actions,
                resources=(self.arn,),
                why=f"uses the key through {service}",
                conditions={"StringEquals": {"kms:ViaService": via}},
            ),
        )


AWS_KEYS: Final = Key(arn=None)
"""No key of the customer's."""


class CustomerKey(Component):
    """A key of the account's own, rotated every year, which the services that need it may use."""

    key: aws.kms.Key
    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        service: str,
        *,
        protect: bool,
        delivery: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("CustomerKey", name, opts)
        self.key = aws.kms.Key(
            name,
            description=f"Encrypts what {service} stores",
            enable_key_rotation=True,
            opts=kept(self, protect=protect),
        )
        # A separate resource, because it names the account and the region, which are in the key's ARN.
        policy = aws.kms.KeyPolicy(
            f"{name}-policy",
            key_id=self.key.id,
            policy=self.key.arn.apply(lambda arn: key_policy(arn, delivery=delivery)),
            opts=kept(self, protect=protect),
        )
        # Whoever takes the key waits for its policy: CloudWatch Logs tries the key at once.
        self.arn = pulumi.Output.all(self.key.arn, policy.id).apply(lambda known: str(known[0]))
        self.register_outputs({"arn": self.arn})


def pipeline_key(
    name: str, service: str, config: DeliveryConfig, opts: pulumi.ResourceOptions | None = None
) -> Key:
    """The key that `kmsKey` asks for: none if it is empty, a new one for `create`, or that of an ARN.

    `service` names the pipeline in the description of a new key.
    """
    if not config.kms_key:
        return AWS_KEYS
    if config.kms_key == CREATE:
        key = CustomerKey(name, service, protect=config.protect, delivery=config.delivery, opts=opts)
        return Key(arn=key.arn)
    return Key(arn=pulumi.Output.from_input(config.kms_key))


def key_policy(arn: str, *, delivery: bool = False) -> str:
    """The policy, as JSON text, of a key for pipelines in its account and region; with `delivery`, for those
    whose variants a distribution reads.

    It says whole accounts where it could name buckets, log groups and functions: what they are called
    is only known after the key, and a pipeline that gets another name keeps what it has.
    """
    _, partition, _, region, account, _ = arn.split(":", 5)

    def any_of(service: str, resources: str) -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{resources}"

    statements: list[dict[str, Any]] = [
        # Roles and users use the key by their own policies; it could never be changed otherwise:
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        {
            "Sid": "AccountAdministers",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
        },
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
        {
            "Sid": "BucketsNotifyQueues",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-key-policy.html
        # Buses encrypt events. Whether it
        # is a key that they can use, EventBridge checks without naming the account.
        {
            "Sid": "BusesDescribeKey",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "kms:DescribeKey",
        },
        {
            "Sid": "BusesEncrypt",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        # DescribeKey, which stands there too, has no encryption context to put a condition on.
        {
            "Sid": "LogsEncrypt",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Condition": {
                "StringLike": {"kms:EncryptionContext:aws:logs:arn": any_of("logs", "log-group:*")}
            },
        },
        # https://docs.aws.amazon.com/lambda/latest/dg/encrypt-zip-package.html
        {
            "Sid": "FunctionsDecrypt",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Condition": {
                "StringLike": {"kms:EncryptionContext:aws:lambda:FunctionArn": any_of("lambda", "function:*")}
            },
        },
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
        {
            "Sid": "TrailsEncrypt",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["kms:DescribeKey", "kms:GenerateDataKey*"],
            "Condition": {"ArnLike": {"aws:SourceArn": any_of("cloudtrail", "trail/*")}},
        },
    ]
    # The distribution reads from a bucket that is encrypted with the key, so it comes after the key's policy.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    if delivery:
        distributions = f"arn:{partition}:cloudfront::{account}:distribution/*"
        statements.append(
            {
                "Sid": "DistributionsDecrypt",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "kms:Decrypt",
                "Condition": {"ArnLike": {"aws:SourceArn": distributions}},
            }
        )
    # In a key's policy, the resource * is the key.
    document = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": document}, sort_keys=True)
