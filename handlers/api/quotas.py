"""How many images a principal may announce in an hour of the clock.

A call adds what it wants to announce to its principal's count of the hour and gets the new count,
in one atomic write and without a condition. So each call has its own range of numbers, and is
granted the part of it within the limit: never more is granted than the limit, however many call at the
same time. Counting goes on above the limit and grants nothing.

What is counted and then not written, because the function or the table fails meanwhile, is lost to
the principal until the hour is over.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from handlers.api import problems
from handlers.api.problems import Problem
from handlers.contract import quota_table
from handlers.contract.quota_table import Hour
from handlers.contract.rows import timestamp
from handlers.storage.dynamodb_batches import TableBusy
from handlers.storage.dynamodb_items import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_PASSING: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """So many `images` may be announced; `refusal` is the problem of those beyond."""

    images: int
    refusal: Problem


class Quotas:
    """Counts what principals announce, each at most `limit` images an hour.

    `refused` is called with the number of images beyond it.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        *,
        limit: int,
        clock: Callable[[], float] = time.time,
        refused: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._table = table_name
        self._limit = limit
        self._clock = clock
        self._refused = refused

    def take(self, principal: str, images: int) -> Granted:
        """Count images that a principal wants to announce, and grant as many as there is room for.

        Raises TableBusy if the table takes no more: what cannot be counted is not granted.
        """
        now = self._clock()
        hour = Hour.of(now)
        used = self._add(principal, hour, images) if images else 0
        granted = max(0, min(images, self._limit - (used - images)))
        if granted < images:
            self._refused(images - granted)
        refusal = problems.quota_exceeded(
            self._limit, resets_at=timestamp(hour.ends), retry_after=max(1, math.ceil(hour.ends - now))
        )
        return Granted(images=granted, refusal=refusal)

    def _add(self, principal: str, hour: Hour, images: int) -> int:
        """The count of the hour with these images in it."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=to_item({quota_table.PARTITION: principal, quota_table.SORT: hour.name}),
                UpdateExpression="ADD #used :images SET #expires = :expires",
                ExpressionAttributeNames={"#used": "Used", "#expires": quota_table.EXPIRES},
                ExpressionAttributeValues=to_item({":images": images, ":expires": hour.ends}),
                ReturnValues="UPDATED_NEW",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _PASSING:
                raise TableBusy("the announcement could not be counted") from error
            raise
        return int(answer["Attributes"]["Used"]["N"])
