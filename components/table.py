"""The table `ImageMetadata`: one row an image."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import Grant
from components.kept import kept


@dataclass(frozen=True, kw_only=True)
class ImageTableArgs:
    """`protect` keeps the table when the stack goes, and DynamoDB from deleting it."""

    protect: bool


class ImageTable(pulumi.ComponentResource):
    """The metadata of every image, paid by the request, recoverable to any second of 35 days."""

    table: aws.dynamodb.Table
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ImageTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:components:ImageTable", name, None, opts)
        self.table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="ImageID",
            attributes=[{"name": "ImageID", "type": "S"}],
            ttl={"attribute_name": "ExpiresAt", "enabled": True},
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True},
            deletion_protection_enabled=args.protect,
            opts=kept(self, protect=args.protect),
        )
        self.name, self.arn = self.table.name, self.table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant_commit(self) -> Grant:
        """Commit, reject, fail and delete rows."""
        actions = ("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
        return Grant(actions=actions, resources=(self.arn,), why="commits the outcome of each record")

    def grant_announce(self) -> Grant:
        """Write PENDING rows and read any row."""
        actions = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem")
        return Grant(actions=actions, resources=(self.arn,), why="announces uploads and answers for images")
