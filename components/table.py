"""The table `ImageMetadata`: one row an image."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base.iam import Grant
from components.base.key import Key
from components.base.private_table import PrivateTable
from handlers.contract.indexes import INDEXES, KEY_TYPES, Index
from handlers.contract.rows import PUBLIC


@dataclass(frozen=True, kw_only=True)
class ImageTableArgs:
    """`protect` keeps the table when the stack goes, and DynamoDB from deleting it.

    `key` encrypts the rows, their indexes and backups.
    """

    protect: bool
    key: Key


class ImageTable(PrivateTable):
    """The metadata of every image. Its stream has every outcome and every deletion."""

    stream_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ImageTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "ImageTable",
            name,
            protect=args.protect,
            key=args.key,
            attributes=KEY_TYPES,
            hash_key="ImageID",
            indexes=[_index(index) for index in INDEXES],
            expires="ExpiresAt",
            stream=True,
            opts=opts,
        )
        self.stream_arn = self.table.stream_arn

    def grant_commit(self) -> Grant:
        """Commit, reject and fail rows, and record deletions. Rows are never deleted: they expire."""
        actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        return self._grant(actions, "commits the outcome of each record")

    def grant_announce(self) -> Grant:
        """Write PENDING rows, read any row and record its deletion."""
        actions = [
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:UpdateItem",
        ]
        return self._grant(actions, "announces uploads and answers for images")

    def grant_read_public(self) -> Grant:
        """Read where an image's variants are, and nothing else of its row.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_dynamodb_attributes.html
        """
        conditions: dict[str, dict[str, Any]] = {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": list(PUBLIC)},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        }
        return self._grant(["dynamodb:GetItem"], "finds variants by their permanent URLs", None, conditions)

    def grant_list(self) -> Grant:
        """Find rows through the indexes; never by scanning."""
        indexes = [pulumi.Output.concat(self.arn, "/index/", index.name) for index in INDEXES]
        return self._grant(["dynamodb:Query"], "lists images and counts batches", indexes)

    def grant_stream(self) -> tuple[Grant, Grant]:
        """Read the stream, which has every change of a row. Lambda needs both.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
        """
        actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        streams = [pulumi.Output.concat(self.arn, "/stream/*")]
        return (
            self._grant(actions, "reads the changes of rows", streams),
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
