"""Images that a support team may look at, and a service that reads their variants."""

import pulumi
import pulumi_aws as aws
from pulumi_image_intake import ImagePipeline

account = aws.get_caller_identity_output().account_id
support = aws.iam.Role(
    "support",
    assume_role_policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"AWS": account},
                }
            ],
        }
    ),
)
images = ImagePipeline(
    "images",
    presets=["thumbnail 128x128 cover jpeg", "page 1024x1024 contain webp"],
    admin_principals=[support.arn],
    originals_expire_days=90,
    kms_key="create",
)

reader = aws.iam.Role(
    "reader",
    assume_role_policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                }
            ],
        }
    ),
)
aws.iam.RolePolicy(
    "reader-variants",
    role=reader.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": pulumi.Output.concat(images.variants_bucket_arn, "/resized/*"),
                },
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": images.kms_key_arn},
            ],
        }
    ),
)

pulumi.export("apiUrl", images.api_url)
pulumi.export("readerRole", reader.arn)
