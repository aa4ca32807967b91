"""What every table of a pipeline has in common."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.iam import Grant
from components.base.key import Key
from components.base.retention import kept


class PrivateTable(Component):
    """An encrypted table, paid by the request, recoverable to any second of 35 days.

    `attributes` are those that keys are made of, with DynamoDB's types; `expires` is the one whose
    moment (seconds since 1970) ends a row. With `stream`, every change of a row can be read, with
    what stood there before.
    """

    table: aws.dynamodb.Table
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        protect: bool,
        key: Key,
        attributes: Mapping[str, str],
        hash_key: str,
        range_key: str | None = None,
        indexes: Sequence[aws.dynamodb.TableGlobalSecondaryIndexArgsDict] | None = None,
        expires: str,
        stream: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(kind, name, opts)
        self.table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=hash_key,
            range_key=range_key,
            attributes=[{"name": attribute, "type": type_} for attribute, type_ in attributes.items()],
            global_secondary_indexes=indexes,
            ttl={"attribute_name": expires, "enabled": True},
            point_in_time_recovery={"enabled": True},
            # Written both ways: from a key back to none, the provider sees no change in an enabled block
            # without a key, and the table would stay under the old one. Disabled is AWS's own key.
            # https://www.pulumi.com/registry/packages/aws/api-docs/dynamodb/table/#tableserversideencryption
            server_side_encryption={"enabled": key.arn is not None, "kms_key_arn": key.arn},
            stream_enabled=stream or None,
            stream_view_type="NEW_AND_OLD_IMAGES" if stream else None,
            deletion_protection_enabled=protect,
            opts=kept(self, protect=protect),
        )
        self.name, self.arn = self.table.name, self.table.arn
        # DynamoDB decrypts the table's own key, and that of its stream, on behalf of the caller.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        self._needs = key.use("dynamodb", "kms:Decrypt")
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _grant(
        self,
        actions: Sequence[str],
        why: str,
        resources: Sequence[pulumi.Input[str]] | None = None,
        conditions: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Grant:
        """Actions on the table, or on `resources` of it."""
        return Grant(
            actions=tuple(actions),
            resources=tuple(resources or [self.arn]),
            why=why,
            conditions=conditions or {},
            needs=self._needs,
        )
