"""The table `ImageMetadata`: one row an image."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import Grant
from components.kept import kept
from components.key import Key
from handlers.indexes import INDEXES, KEY_TYPES, Index


@dataclass(frozen=True, kw_only=True)
class ImageTableArgs:
    """`protect` keeps the table when the stack goes, and DynamoDB from deleting it.

    `key` encrypts the rows, their indexes and backups.
    """

    protect: bool
    key: Key


class ImageTable(pulumi.ComponentResource):
    """The metadata of every image, paid by the request, recoverable to any second of 35 days."""

    table: aws.dynamodb.Table
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    stream_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ImageTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:components:ImageTable", name, None, opts)
        self.table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="ImageID",
            attributes=[{"name": name, "type": kind} for name, kind in KEY_TYPES.items()],
            global_secondary_indexes=[_index(index) for index in INDEXES],
            ttl={"attribute_name": "ExpiresAt", "enabled": True},
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key.arn},
            # Whoever tells of changes compares what stood there with what stands there now.
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
            deletion_protection_enabled=args.protect,
            opts=kept(self, protect=args.protect),
        )
        self.name, self.arn = self.table.name, self.table.arn
        self.stream_arn = self.table.stream_arn
        # DynamoDB decrypts the table's own key on behalf of whoever asks.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        self._needs = args.key.use("dynamodb", "kms:Decrypt")
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant_commit(self) -> Grant:
        """Commit, reject, fail and delete rows."""
        actions = ("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
        return Grant(
            actions=actions,
            resources=(self.arn,),
            why="commits the outcome of each record",
            needs=self._needs,
        )

    def grant_announce(self) -> Grant:
        """Write PENDING rows, read and delete any row."""
        actions = (
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        return Grant(
            actions=actions,
            resources=(self.arn,),
            why="announces uploads and answers for images",
            needs=self._needs,
        )

    def grant_list(self) -> Grant:
        """Find rows through the indexes; never by scanning."""
        indexes = tuple(pulumi.Output.concat(self.arn, "/index/", index.name) for index in INDEXES)
        return Grant(
            actions=("dynamodb:Query",),
            resources=indexes,
            why="lists images and counts batches",
            needs=self._needs,
        )

    def grant_stream(self) -> tuple[Grant, Grant]:
        """Read the stream, which tells every change of a row. Lambda asks for both.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
        """
        actions = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
        streams = pulumi.Output.concat(self.arn, "/stream/*")
        return (
            # The stream is encrypted as the table is:
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
            Grant(
                actions=actions,
                resources=(streams,),
                why="reads the changes of rows",
                needs=self._needs,
            ),
            Grant(
                # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
                actions=("dynamodb:ListStreams",),
                resources=("*",),
                why="finds streams, for which AWS has no finer grain than everything",
            ),
        )


def _index(index: Index) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys = [*((name, "HASH") for name in index.partition), *((name, "RANGE") for name in index.sort)]
    return {
        "name": index.name,
        "key_schemas": [{"attribute_name": name, "key_type": kind} for name, kind in keys],
        "projection_type": "KEYS_ONLY",
    }
