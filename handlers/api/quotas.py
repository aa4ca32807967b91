"""What a principal may announce in an hour of the clock: images, their bytes, and images in the express lane.

A call adds what it wants to announce to its principal's counts of the hour and gets the new counts, in
one atomic write and without a condition. So each call knows what was counted before it, and grants
what fits between that and the limits. What it does not grant it subtracts in a second write. Until
then it counts against other calls, so a count is never less than what was granted: never more is
granted than a limit, however many call at the same time.

What is counted and then neither announced nor given back, because the function or the table fails
meanwhile, is lost to the principal until the hour is over.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from handlers.api import problems
from handlers.api.problems import Problem, QuotaUnit
from handlers.contract import quota_table
from handlers.contract.keys import Lane
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
class Amounts:
    """A number of images, their size in bytes, and how many of them are in the express lane."""

    images: int
    bytes: int
    express: int

    @classmethod
    def of(cls, size: int, lane: Lane) -> "Amounts":
        """The amounts of one image of `size` bytes in a lane."""
        return cls(images=1, bytes=size, express=int(lane == "express"))

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            images=self.images + other.images,
            bytes=self.bytes + other.bytes,
            express=self.express + other.express,
        )

    def __sub__(self, other: "Amounts") -> "Amounts":
        return self + Amounts(images=-other.images, bytes=-other.bytes, express=-other.express)


_NOTHING: Final = Amounts(images=0, bytes=0, express=0)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a principal has announced in an hour that ends at `resets_at`. A count may exceed its limit
    while calls are on their way, and that of express images for the rest of the hour.
    """

    used: Amounts
    resets_at: str


class Quotas:
    """Counts what principals announce, each at most `limits` an hour.

    `unrepeated` is a client that does not retry. What gives back goes through it: if only the answer was
    lost, a retry would give back twice. `refused` is called with the number of images beyond the limits.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        *,
        unrepeated: "DynamoDBClient",
        limits: Amounts,
        clock: Callable[[], float] = time.time,
        refused: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._table = table_name
        self._unrepeated = unrepeated
        self._limits = limits
        self._clock = clock
        self._refused = refused

    def take(self, principal: str, images: Sequence[Amounts]) -> list[Lane | Problem]:
        """Count images that a principal wants to announce; the lane of each, or why it is refused.

        An image that fits in everything but the express lane is in the bulk lane. Raises TableBusy if the
        table takes no more: what cannot be counted is not granted.
        """
        if not images:
            return []
        now = self._clock()
        hour = Hour.of(now)
        asked = sum(images, _NOTHING)
        counted = self._add(self._client, principal, hour, asked)
        taken = counted - asked
        answers: list[Lane | Problem] = []
        for image in images:
            exceeded = self._exceeded(taken + image)
            if exceeded:
                answers.append(self._refusal(exceeded, hour, now))
            else:
                room = taken.express < self._limits.express
                lane: Lane = "express" if image.express and room else "bulk"
                taken += Amounts.of(image.bytes, lane)
                answers.append(lane)
        refused = sum(isinstance(answer, Problem) for answer in answers)
        if refused:
            self._refused(refused)
            with suppress(BotoCoreError, ClientError, TableBusy):
                self._add(self._unrepeated, principal, hour, taken - counted)
        return answers

    def usage(self, principal: str) -> Usage:
        """What a principal has announced in this hour. Raises TableBusy."""
        hour = Hour.of(self._clock())
        with _passing("the counts could not be read"):
            answer = self._client.get_item(
                TableName=self._table, Key=_key(principal, hour), ConsistentRead=True
            )
        return Usage(used=_amounts(answer.get("Item", {})), resets_at=timestamp(hour.ends))

    def _exceeded(self, total: Amounts) -> QuotaUnit | None:
        """The limit that a total exceeds; not that of the express lane, beyond which is the other."""
        if total.images > self._limits.images:
            return "images"
        return "bytes" if total.bytes > self._limits.bytes else None

    def _refusal(self, unit: QuotaUnit, hour: Hour, now: float) -> Problem:
        return problems.quota_exceeded(
            self._limits.images if unit == "images" else self._limits.bytes,
            unit=unit,
            resets_at=timestamp(hour.ends),
            retry_after=max(1, math.ceil(hour.ends - now)),
        )

    def _add(self, client: "DynamoDBClient", principal: str, hour: Hour, amounts: Amounts) -> Amounts:
        """The counts of the hour with these amounts in them. Raises TableBusy."""
        values = {f":{name}": amount for name, amount in vars(amounts).items()}
        with _passing("the announcement could not be counted"):
            answer = client.update_item(
                TableName=self._table,
                Key=_key(principal, hour),
                UpdateExpression=f"ADD {_ADDITIONS} SET #expires = :expires",
                ExpressionAttributeNames={**_NAMES, "#expires": quota_table.EXPIRES},
                ExpressionAttributeValues=to_item({**values, ":expires": hour.ends}),
                ReturnValues="UPDATED_NEW",
            )
        return _amounts(answer["Attributes"])


_ATTRIBUTES: Final = {"images": quota_table.IMAGES, "bytes": "Bytes", "express": "Express"}
_NAMES: Final = {f"#{name}": attribute for name, attribute in _ATTRIBUTES.items()}
_ADDITIONS: Final = ", ".join(f"#{name} :{name}" for name in _ATTRIBUTES)


def _key(principal: str, hour: Hour) -> dict[str, Any]:
    return to_item({quota_table.PARTITION: principal, quota_table.SORT: hour.name})


def _amounts(item: Mapping[str, Any]) -> Amounts:
    """The counts of a row, all of them 0 before the first announcement of the hour."""
    return Amounts(
        **{name: int(item.get(attribute, {"N": "0"})["N"]) for name, attribute in _ATTRIBUTES.items()}
    )


@contextmanager
def _passing(what: str) -> Iterator[None]:
    """Raises TableBusy for errors of DynamoDB that pass."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _PASSING:
            raise TableBusy(what) from error
        raise
