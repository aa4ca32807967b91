"""Many rows in few calls: unprocessed keys and items are requested again."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from handlers.contract.backoff import retry_delay

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# BatchWriteItem takes at most 25 items a call.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_WRITES_A_CALL: Final = 25
_TRIES: Final = 6
_BASE_SECONDS: Final = 0.1
_MAX_SECONDS: Final = 3.0

Sleep = Callable[[float], None]
Items = list[dict[str, Any]]
"""Rows, or their keys, as DynamoDB writes them."""


class TableBusy(Exception):
    """A table left keys or items unprocessed in all the tries allowed."""


def read_items(client: "DynamoDBClient", table: str, keys: Items, sleep: Sleep) -> Items:
    """The current items with at most 100 different keys; missing ones are left out.

    Raises TableBusy.
    """
    found: Items = []

    def read(wanted: Any) -> Any:
        answer = client.batch_get_item(RequestItems={table: {"Keys": wanted, "ConsistentRead": True}})
        found.extend(answer["Responses"].get(table, []))
        left: Any = answer.get("UnprocessedKeys", {})
        return left.get(table, {}).get("Keys", [])

    if keys:
        _until_none_is_left(read, keys, "read", sleep)
    return found


def put_items(client: "DynamoDBClient", table: str, items: Sequence[dict[str, Any]], sleep: Sleep) -> None:
    """Write items, replacing any that exist. Raises TableBusy."""

    def write(requests: Any) -> Any:
        answer = client.batch_write_item(RequestItems={table: requests})
        return answer.get("UnprocessedItems", {}).get(table, [])

    for start in range(0, len(items), _WRITES_A_CALL):
        some = items[start : start + _WRITES_A_CALL]
        _until_none_is_left(write, [{"PutRequest": {"Item": item}} for item in some], "taken", sleep)


def _until_none_is_left(call: Callable[[Any], Any], wanted: Any, done: str, sleep: Sleep) -> None:
    for attempt in range(_TRIES):
        wanted = call(wanted)
        if not wanted:
            return
        sleep(retry_delay(attempt + 1, _BASE_SECONDS, _MAX_SECONDS))
    raise TableBusy(f"{len(wanted)} rows were not {done} in {_TRIES} tries")
