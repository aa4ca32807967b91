"""The table in which announcements are counted: one row a principal and hour."""

from dataclasses import dataclass

import pulumi

from components.base.iam import Grant
from components.base.key import Key
from components.base.private_table import PrivateTable
from handlers.contract import quota_table


@dataclass(frozen=True, kw_only=True)
class QuotaTableArgs:
    """`protect` keeps the table as it keeps all others, although what is in it is over within the hour.

    `key` encrypts the counts and their backups.
    """

    protect: bool
    key: Key


class QuotaTable(PrivateTable):
    """Counts that DynamoDB lets go once their hour is over; apart from the images, whose table is scanned."""

    def __init__(self, name: str, args: QuotaTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "QuotaTable",
            name,
            protect=args.protect,
            key=args.key,
            attributes={quota_table.PARTITION: "S", quota_table.SORT: "S"},
            hash_key=quota_table.PARTITION,
            range_key=quota_table.SORT,
            expires=quota_table.EXPIRES,
            opts=opts,
        )

    def grant_count(self) -> Grant:
        """Add to counts. The answer to that is the count, so nothing is read."""
        return self._grant(["dynamodb:UpdateItem"], "counts what each principal announces")

    def grant_read(self) -> Grant:
        """Read the counts of a principal that is known by name."""
        return self._grant(["dynamodb:GetItem"], "reports each caller's own count")
