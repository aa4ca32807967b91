"""The two buckets of images. They are two so that a resize can never trigger itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.base.iam import Grant
from components.base.key import Key
from components.base.private_bucket import PrivateBucket
from components.config.retention import RetentionConfig
from components.malware_scan import Scanner
from handlers.contract import keys, malware_scan

_ORIGINALS: Final = tuple(keys.ORIGINALS_PREFIXES.values())
_VARIANTS: Final = (keys.VARIANTS_PREFIX,)


@dataclass(frozen=True, kw_only=True)
class OriginalsBucketArgs:
    """`key` encrypts them. With a `scanner`, an original can only be read once that found it clean."""

    key: Key
    scanner: Scanner | None
    config: RetentionConfig


@dataclass(frozen=True, kw_only=True)
class VariantsBucketArgs:
    """`key` encrypts the variants. If they are `delivered`, the bucket has no policy until a distribution may
    read it.
    """

    key: Key
    delivered: bool
    config: RetentionConfig


class OriginalsBucket(PrivateBucket):
    """What was uploaded. Overwritten and deleted originals can be recovered for some days."""

    is_scanned: bool

    def __init__(
        self, name: str, args: OriginalsBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "OriginalsBucket",
            name,
            protect=args.config.protect,
            key=args.key,
            statements=args.scanner.nobody_else_tags if args.scanner else lambda _: (),
            opts=opts,
        )
        self.is_scanned = args.scanner is not None
        child = pulumi.ResourceOptions(parent=self)
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=[
                rule(prefix, args.config) for prefix in _ORIGINALS for rule in (_abort_incomplete, _expire)
            ],
            # https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketlifecycleconfiguration/
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self._cors_name = f"{name}-cors"

    def let_pages_upload(self, origins: Sequence[pulumi.Input[str]]) -> None:
        """Let pages of these origins, and no others, post uploads. A bucket has one such list."""
        aws.s3.BucketCorsConfiguration(
            self._cors_name,
            bucket=self.name,
            cors_rules=[
                {
                    "allowed_methods": ["POST"],
                    "allowed_origins": list(origins),
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag"],
                    "max_age_seconds": 3600,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def grant_put(self) -> Grant:
        """Store originals, and sign upload policies for them."""
        return self._grant(["s3:PutObject"], _ORIGINALS, "stores originals and signs uploads")

    def grant_delete(self) -> Grant:
        """Delete originals, which can be recovered for some days."""
        return self._grant(["s3:DeleteObject"], _ORIGINALS, "deletes images on request")

    def grant_get(self) -> Grant:
        """Read originals; only those found clean, where they are scanned."""
        clean = {"StringEquals": {f"s3:ExistingObjectTag/{malware_scan.TAG}": malware_scan.CLEAN}}
        return self._grant(
            ["s3:GetObject"], _ORIGINALS, "reads originals", clean if self.is_scanned else None
        )

    def grant_see_scan(self) -> Grant:
        """Learn what the scan of an original said, and whether there is one."""
        actions = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
        return self._grant(actions, _ORIGINALS, "waits for the scan of originals")

    def grant_tell_missing(self) -> Grant:
        """Learn that an original does not exist: without it S3 answers 403 in place of 404.

        It works for the whole bucket only, since a GetObject has no prefix to put a condition on.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        return Grant(
            actions=("s3:ListBucket",),
            resources=(self.arn,),
            why="distinguishes a deleted original from a denied one",
        )


class VariantsBucket(PrivateBucket):
    """The rendered sizes. Their keys are immutable and they can be rendered again: no versions."""

    def __init__(
        self, name: str, args: VariantsBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "VariantsBucket",
            name,
            protect=args.config.protect,
            key=args.key,
            statements=None if args.delivered else lambda _: (),
            opts=opts,
        )
        self._cors_name = f"{name}-cors"
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=[_abort_incomplete(keys.VARIANTS_PREFIX, args.config)],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def let_distribution_read(self, distribution_arn: pulumi.Output[str]) -> None:
        """Let a distribution, and no other, read variants that it knows the keys of.

        It may not list them, so S3 answers 403 about keys that do not exist.
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        """
        reads = {
            "Sid": "DistributionReads",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": pulumi.Output.concat(self.arn, "/", keys.VARIANTS_PREFIX, "*"),
            "Condition": {"StringEquals": {"aws:SourceArn": distribution_arn}},
        }
        self._attach_policy([reads])

    def let_pages_read(self, origins: Sequence[pulumi.Input[str]]) -> None:
        """Let scripts of pages of these origins, and no others, read the variants that they have URLs of."""
        aws.s3.BucketCorsConfiguration(
            self._cors_name,
            bucket=self.name,
            cors_rules=[
                {
                    "allowed_methods": ["GET", "HEAD"],
                    "allowed_origins": list(origins),
                    "max_age_seconds": 3600,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def grant_get(self) -> Grant:
        """Read variants, and sign URLs of them."""
        return self._grant(["s3:GetObject"], _VARIANTS, "signs URLs of variants")

    def grant_delete(self) -> Grant:
        """Delete variants."""
        return self._grant(["s3:DeleteObject"], _VARIANTS, "deletes images on request")

    def grant_replace(self) -> Grant:
        """Store variants and delete those of a superseded or deleted original."""
        actions = ["s3:PutObject", "s3:DeleteObject"]
        return self._grant(actions, _VARIANTS, "stores variants and deletes superseded ones")


def _abort_incomplete(
    prefix: str, config: RetentionConfig
) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    return {
        "id": f"abort-incomplete-{prefix.removesuffix('/')}",
        "status": "Enabled",
        "filter": {"prefix": prefix},
        "abort_incomplete_multipart_upload": {"days_after_initiation": config.incomplete_upload_days},
    }


def _expire(prefix: str, config: RetentionConfig) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    # With an age, S3 takes away delete markers with nothing behind them by itself, and refuses to
    # be configured so: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
    expiration: aws.s3.BucketLifecycleConfigurationRuleExpirationArgsDict
    expiration = (
        {"days": config.originals_expire_days}
        if config.originals_expire_days
        else {"expired_object_delete_marker": True}
    )
    return {
        "id": f"expire-{prefix.removesuffix('/')}",
        "status": "Enabled",
        "filter": {"prefix": prefix},
        "noncurrent_version_expiration": {"noncurrent_days": config.old_version_days},
        "expiration": expiration,
    }
