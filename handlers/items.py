"""Rows as DynamoDB writes them: every value with its type."""

from collections.abc import Mapping
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from handlers.rows import Row


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with the types of their values."""
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in row.items()}


def to_row(item: Mapping[str, Any]) -> Row:
    """An item as a row of plain values; its numbers are whole ones."""
    deserialize = TypeDeserializer().deserialize
    return cast("Row", {name: _plain(deserialize(value)) for name, value in item.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value if isinstance(value, (str, bool, list, type(None))) else int(value)
