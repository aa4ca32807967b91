"""Rows as DynamoDB writes them: every value with its type."""

from collections.abc import Mapping
from typing import Any, Final, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from handlers.contract.rows import Row

_SERIALIZE: Final = TypeSerializer().serialize
_DESERIALIZE: Final = TypeDeserializer().deserialize


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with the types of their values."""
    return {name: _typed(value) for name, value in row.items()}


def to_row(item: Mapping[str, Any]) -> Row:
    """An item as a row of plain values; its numbers are whole ones."""
    return cast("Row", {name: _plain(_DESERIALIZE(value)) for name, value in item.items()})


def _typed(value: Any) -> Any:
    # Nearly every value is one of these two; boto3 takes ten times as long to find that out.
    kind = type(value)
    if kind is str:
        return {"S": value}
    return {"N": str(value)} if kind is int else _SERIALIZE(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value if isinstance(value, (str, bool, list, type(None))) else int(value)
