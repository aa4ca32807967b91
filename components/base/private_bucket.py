"""What every bucket of a pipeline has in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.iam import Grant, policy_document, tls_only
from components.base.key import Key
from components.base.retention import kept

# The use that S3 makes of the key on behalf of the caller.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
_KEY_USE: Final = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}


class PrivateBucket(Component):
    """An encrypted bucket that is never public, speaks TLS only and knows no ACLs.

    `statements` are what its policy says besides, made of its name and ARN. With None, the policy has to be
    attached later, because it names what cannot exist before the bucket does.
    """

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        protect: bool,
        key: Key,
        statements: Callable[["PrivateBucket"], Sequence[Mapping[str, Any]]] | None = lambda _: (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(kind, name, opts)
        self._key = key
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name,
            force_destroy=not protect,
            opts=kept(self, protect=protect),
        )
        self.name, self.arn = self.bucket.bucket, self.bucket.arn
        # One after the other: S3 refuses to change these at the same time (OperationAborted).
        owned = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.name,
            rules=[_default_encryption(key)],
            opts=child,
        )
        self._private = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[owned]),
        )
        self._policy_name = f"{name}-policy"
        if statements is not None:
            self._attach_policy(statements(self))
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _attach_policy(self, statements: Sequence[Mapping[str, Any]]) -> None:
        """Make the one policy that a bucket has of what every bucket's says and of `statements`."""
        objects = pulumi.Output.concat(self.arn, "/*")
        encrypted = [tls_only("s3:*", [self.arn, objects]), *_no_other_key(self._key, objects)]
        self.policy = aws.s3.BucketPolicy(
            self._policy_name,
            bucket=self.name,
            policy=policy_document([*statements, *encrypted]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._private]),
        )

    def _grant(
        self,
        actions: Sequence[str],
        prefixes: Iterable[str],
        why: str,
        conditions: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Grant:
        objects = tuple(pulumi.Output.concat(self.arn, "/", prefix, "*") for prefix in prefixes)
        uses = sorted({_KEY_USE[action] for action in actions if action in _KEY_USE})
        needs = self._key.use("s3", *uses) if uses else ()
        return Grant(
            actions=tuple(actions), resources=objects, why=why, conditions=conditions or {}, needs=needs
        )


def _default_encryption(key: Key) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    rule: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict
    rule = {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
        "blocked_encryption_types": ["SSE-C"],
    }
    if key.arn is not None:
        rule["apply_server_side_encryption_by_default"] = {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": key.arn,
        }
        # Many objects for one request to KMS.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        rule["bucket_key_enabled"] = True
    return rule


def _no_other_key(key: Key, objects: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Refuse objects that are stored under anything but the key. Who does not say gets the bucket's.

    Naming `aws:kms` without a key means AWS's own, so a caller who names an encryption must name the key.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    if key.arn is None:
        return []
    return [
        {
            "Sid": "NoOtherKey",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": objects,
            "Condition": {
                "Null": {"s3:x-amz-server-side-encryption": "false"},
                "ArnNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key.arn},
            },
        }
    ]
