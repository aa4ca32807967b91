"""The table in which announcements are counted: one row a principal and hour."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import Grant
from components.kept import kept
from components.key import Key
from handlers import hours


@dataclass(frozen=True, kw_only=True)
class QuotaTableArgs:
    """`protect` keeps the table as it keeps all others, although what is in it is over within the hour.

    `key` encrypts the counts and their backups.
    """

    protect: bool
    key: Key


class QuotaTable(pulumi.ComponentResource):
    """Counts that DynamoDB lets go once their hour is over; apart from the images, whose table is scanned."""

    table: aws.dynamodb.Table
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: QuotaTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:components:QuotaTable", name, None, opts)
        self.table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=hours.PARTITION,
            range_key=hours.SORT,
            attributes=[{"name": key, "type": "S"} for key in (hours.PARTITION, hours.SORT)],
            ttl={"attribute_name": hours.EXPIRES, "enabled": True},
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key.arn},
            deletion_protection_enabled=args.protect,
            opts=kept(self, protect=args.protect),
        )
        self.name, self.arn = self.table.name, self.table.arn
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        self._needs = args.key.use("dynamodb", "kms:Decrypt")
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant_count(self) -> Grant:
        """Add to counts. The answer to that is the count, so nothing is read."""
        return Grant(
            actions=("dynamodb:UpdateItem",),
            resources=(self.arn,),
            why="counts what each principal announces",
            needs=self._needs,
        )
