"""GuardDuty Malware Protection for S3: scans what arrives in a bucket, and tags it with the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.iam import Grant, policy_document, trust_document
from components.key import Key
from components.place import Place
from components.private_bucket import PrivateBucket

_SERVICE: Final = "malware-protection-plan.guardduty.amazonaws.com"
# What GuardDuty calls the rule by which it hears of new objects, and the object that it tries its
# rights with: https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite.html
_RULE: Final = "DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"
_VALIDATION_OBJECT: Final = "malware-protection-resource-validation-object"
_TAGGING: Final = (
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
)


@dataclass(frozen=True, kw_only=True)
class ScannerArgs:
    """`place` is where it works, `key` what encrypts the objects that it reads."""

    place: Place
    key: Key


class Scanner(pulumi.ComponentResource):
    """The role that GuardDuty scans with; `watch` gives it a bucket."""

    role: aws.iam.Role
    plan: aws.guardduty.MalwareProtectionPlan

    def __init__(self, name: str, args: ScannerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:components:Scanner", name, None, opts)
        self._name, self._place, self._key = name, args.place, args.key
        plans = args.place.arn("guardduty", "malware-protection-plan/*")
        self.role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust_document(
                _SERVICE,
                {
                    # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
                    "StringEquals": {"aws:SourceAccount": args.place.account},
                    "ArnLike": {"aws:SourceArn": plans},
                },
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"roleArn": self.role.arn})

    def nobody_else_tags(self, bucket: PrivateBucket) -> Sequence[dict[str, Any]]:
        """The statement of a bucket's policy that leaves tags to this role alone.

        No tag at all, since tags are put all together: who may put another one could leave the
        result out. A session of a role has the ARN of the role here. Storing an object with tags,
        or copying it with them, takes the right to tag, too.
        https://docs.aws.amazon.com/guardduty/latest/ug/tag-based-access-s3-malware-protection.html
        """
        return [
            {
                "Sid": "OnlyTheScanTags",
                "Effect": "Deny",
                "Principal": "*",
                "Action": list(_TAGGING),
                "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": self.role.arn}},
            }
        ]

    def watch(self, bucket: PrivateBucket, prefix: str, after: Sequence[pulumi.Resource]) -> None:
        """Have every new object below `prefix` scanned, once `after` is there.

        GuardDuty has the bucket's events sent to EventBridge when the plan is made. The bucket's
        notifications, which are one setting, must be there by then and say the same.
        """
        permissions = aws.iam.RolePolicy(
            f"{self._name}-permissions",
            role=self.role.name,
            policy=policy_document(
                [statement for grant in self._grants(bucket, prefix) for statement in grant.statements()]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.plan = aws.guardduty.MalwareProtectionPlan(
            f"{self._name}-plan",
            role=self.role.arn,
            protected_resource={"s3_bucket": {"bucket_name": bucket.name, "object_prefixes": [prefix]}},
            actions=[{"taggings": [{"status": "ENABLED"}]}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions, bucket.policy, *after]),
        )

    def _grants(self, bucket: PrivateBucket, prefix: str) -> list[Grant]:
        """What the page about the role asks for, objects narrowed to the prefix."""
        rule = self._place.arn("events", f"rule/{_RULE}")
        objects = pulumi.Output.concat(bucket.arn, "/", prefix, "*")
        return [
            Grant(
                actions=("events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
                resources=(rule,),
                why="hears of new objects by a rule of its own",
                conditions={"StringEquals": {"events:ManagedBy": _SERVICE}},
            ),
            Grant(
                actions=("events:DescribeRule", "events:ListTargetsByRule"),
                resources=(rule,),
                why="sees that the rule is still there",
            ),
            Grant(
                actions=("s3:GetBucketNotification", "s3:ListBucket", "s3:PutBucketNotification"),
                resources=(bucket.arn,),
                why="has the bucket's events sent to EventBridge",
            ),
            Grant(
                actions=("s3:PutObject",),
                resources=(pulumi.Output.concat(bucket.arn, "/", _VALIDATION_OBJECT),),
                why="tries its rights when the plan is made",
                needs=self._key.use("s3", "kms:GenerateDataKey"),
            ),
            Grant(
                actions=("s3:GetObject", "s3:GetObjectVersion"),
                resources=(objects,),
                why="scans objects",
                needs=self._key.use("s3", "kms:Decrypt"),
            ),
            Grant(
                actions=(
                    "s3:GetObjectTagging",
                    "s3:GetObjectVersionTagging",
                    "s3:PutObjectTagging",
                    "s3:PutObjectVersionTagging",
                ),
                resources=(objects,),
                why="tags objects with the result",
            ),
        ]
