"""Reading the whole table, and marking rows to be rendered again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from handlers.contract.rows import NOT_RENDERED, Row
from handlers.storage.dynamodb_items import to_item, to_row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAGE: Final = 500


@dataclass(frozen=True, kw_only=True)
class ScanPage:
    """Rows of one page of a scan; `after` continues behind it, None if it is the last."""

    rows: list[Row]
    after: dict[str, Any] | None


def scan(
    dynamodb: "DynamoDBClient", table: str, *, after: dict[str, Any] | None = None, consistent: bool = False
) -> Iterator[ScanPage]:
    """All rows, page by page, from the place that an earlier page ended at.

    It reads the whole table, which an operator's tool may do now and then: half a read unit for
    every 4 KB, twice that if `consistent`.
    """
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": consistent, "Limit": _PAGE}
    while True:
        answer = dynamodb.scan(**request | ({"ExclusiveStartKey": after} if after else {}))
        after = answer.get("LastEvaluatedKey")
        yield ScanPage(rows=[to_row(item) for item in answer["Items"]], after=after)
        if not after:
            return


def mark_stale(dynamodb: "DynamoDBClient", table: str, row: Row) -> bool:
    """Let the worker render a row's image again although its presets are the present ones.

    False if the row has changed since it was read: then somebody else has taken care of it.
    """
    try:
        dynamodb.update_item(
            TableName=table,
            Key=to_item({"ImageID": row["ImageID"]}),
            UpdateExpression="SET #hash = :stale",
            ConditionExpression="#sequencer = :sequencer AND #hash = :hash",
            ExpressionAttributeNames={"#hash": "PresetHash", "#sequencer": "Sequencer"},
            ExpressionAttributeValues=to_item(
                {":stale": NOT_RENDERED, ":hash": row["PresetHash"], ":sequencer": row["Sequencer"]}
            ),
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise
        return False
    return True
