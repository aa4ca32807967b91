"""The two stores that a drill destroys: what is in them, and nothing any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.contract.rows import Row
from handlers.storage.dynamodb_items import to_item, to_row
from local.system import System

# What a rebuild cannot know: when and in which try it was processed, by which event of S3.
_NEW: Final = frozenset({"ProcessedAt", "Attempts", "Sequencer"})


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Rows by ImageID, and variants by key: their bytes and how they are served."""

    rows: Mapping[str, Row]
    variants: Mapping[str, tuple[bytes, str, str]]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """What was there before and is not any more, as sentences."""

    rows: tuple[str, ...]
    fields: tuple[str, ...]
    variants: tuple[str, ...]


def look(system: System) -> Stores:
    """Everything in both stores."""
    s3, bucket = system.client("s3"), system.outputs["variantsBucket"]
    variants = {}
    for key in _keys(system):
        found = s3.get_object(Bucket=bucket, Key=key)
        variants[key] = (found["Body"].read(), found["ContentType"], found["CacheControl"])
    return Stores(rows=rows(system), variants=variants)


def rows(system: System) -> dict[str, Row]:
    """Every row of the table, by ImageID."""
    table = system.outputs["tableName"]
    pages = system.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    found = (to_row(item) for page in pages for item in page["Items"])
    return {row["ImageID"]: row for row in found}


def destroy(system: System) -> None:
    """Delete every row and every variant."""
    for image_id in rows(system):
        system.client("dynamodb").delete_item(
            TableName=system.outputs["tableName"], Key=to_item({"ImageID": image_id})
        )
    for key in _keys(system):
        system.client("s3").delete_object(Bucket=system.outputs["variantsBucket"], Key=key)


def compare(before: Stores, after: Stores) -> Losses:
    """What is not as it was before."""
    here = {image_id: row for image_id, row in before.rows.items() if image_id in after.rows}
    fields = [
        f"{name} of {image_id}: {row.get(name)!r} is {after.rows[image_id].get(name)!r}"
        for image_id, row in here.items()
        for name in sorted(_different(row, after.rows[image_id]) - _NEW)
    ]
    keys = sorted({*before.variants, *after.variants})
    return Losses(
        rows=tuple(sorted(before.rows.keys() - after.rows.keys())),
        fields=tuple(fields),
        variants=tuple(key for key in keys if before.variants.get(key) != after.variants.get(key)),
    )


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _keys(system: System) -> list[str]:
    bucket = system.outputs["variantsBucket"]
    pages = system.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]
