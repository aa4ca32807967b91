"""The table of images: every row that is read or written by its ImageID is so in this module.

A row is written conditionally on the sequencer of the S3 event it stems from, so deliveries may
come late, twice or in any order.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError

from handlers.contract.event_order import settles
from handlers.contract.indexes import shard_of
from handlers.contract.rows import ANNOUNCED, DELETED, PUBLIC, RENDERED, Row, timestamp, variant_keys
from handlers.storage.dynamodb_batches import put_items, read_items
from handlers.storage.dynamodb_items import to_item, to_row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What the row of a deleted image keeps: what was announced, in case the original is recovered, and what
# must still be removed. All others are about an original or a rendering that the image no longer has.
_OUTLIVES_DELETION: Final = frozenset(
    {*ANNOUNCED, "ContentType", "ImageID", "OriginalKey", "PresetHash", "Superseded", "Variants"}
)
_OF_DELETIONS: Final = ("DeletedAt", "Erased", "ExpiresAt")


@dataclass(frozen=True, kw_only=True)
class Committed:
    """The row was written; `superseded` are keys of variants that the new row no longer holds."""

    superseded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CommitRefused:
    """The row was not written because `row`, which stands there, is as new or newer."""

    row: Row


class RowChanged(Exception):
    """Another worker changed the row between reading and writing it."""


class Catalog:
    """The rows of the images. Errors of DynamoDB are botocore's, and transient to the caller."""

    def __init__(
        self, client: "DynamoDBClient", table_name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table_name
        self._sleep = sleep

    def get(self, image_id: str) -> Row | None:
        """The row of an image as of now (a consistent read); None if there is none."""
        answer = self._client.get_item(
            TableName=self._table, Key=to_item({"ImageID": image_id}), ConsistentRead=True
        )
        return to_row(answer["Item"]) if "Item" in answer else None

    def get_public(self, image_id: str) -> Row | None:
        """The `PUBLIC` attributes of a row as of now; None if there is none."""
        names = _names(PUBLIC)
        answer = self._client.get_item(
            TableName=self._table,
            Key=to_item({"ImageID": image_id}),
            ConsistentRead=True,
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
        return to_row(answer["Item"]) if "Item" in answer else None

    def get_many(self, image_ids: Sequence[str]) -> dict[str, Row]:
        """The rows of at most 100 images as of now, by ImageID; those without one are left out.

        Raises TableBusy if the table keeps throttling.
        """
        wanted = [to_item({"ImageID": image_id}) for image_id in dict.fromkeys(image_ids)]
        rows = map(to_row, read_items(self._client, self._table, wanted, self._sleep))
        return {row["ImageID"]: row for row in rows}

    def put_pending(self, rows: Sequence[Row]) -> None:
        """Write rows of images that are announced but not uploaded, many a call.

        Their ImageIDs are new, so nothing can be overwritten. Raises TableBusy if the table
        keeps throttling.
        """
        items = [to_item(_announced(row)) for row in rows]
        put_items(self._client, self._table, items, self._sleep)

    def keep_pending(self, image_id: str, expires_at: int) -> bool:
        """Let a `PENDING` row live until `expires_at` (seconds since 1970); False if it is none."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"ImageID": image_id}),
                UpdateExpression="SET #ExpiresAt = :ExpiresAt",
                ConditionExpression="#Status = :Status",
                ExpressionAttributeNames=_names(("ExpiresAt", "Status")),
                ExpressionAttributeValues=_values({"ExpiresAt": expires_at, "Status": "PENDING"}),
            )
        except ClientError as error:
            if not _is_refusal(error):
                raise
            return False
        return True

    def commit(self, row: Row, previous: Row | None) -> Committed | CommitRefused:
        """Write the settled state of an image (`READY`, `REJECTED`) in one conditional write.

        `row` has at least `ImageID`, `Status`, `Sequencer` and `PresetHash`; `previous` is the
        row as read before. It is written unless the table holds a newer event's row, or this
        very event's with the same presets. Variants of the row that it replaces move to
        `Superseded` in the same write, so that a crash cannot forget them.

        An image that has an owner keeps what was announced, whatever `row` says of that.

        Raises RowChanged if another worker got in between in a way that needs a new look.
        """
        condition = (
            "(attribute_not_exists(#Sequencer) OR #Sequencer < :Sequencer"
            " OR (#Sequencer = :Sequencer AND #Status <> :deleted"
            " AND (#Status = :failed OR #PresetHash <> :PresetHash)))"
            " AND attribute_not_exists(#Superseded)"
        )
        replaces = bool(previous and previous.get("Variants"))
        condition += f" AND attribute{'' if replaces else '_not'}_exists(#Variants)"
        if previous and "Owner" in previous:
            # Written again, because the row that was read may expire in this very moment.
            row = _announced_as(previous, row)
        return self._settle(
            row,
            condition=condition,
            supersede=replaces,
            remove=[name for name in RENDERED if name not in row],
        )

    def fail(self, row: Row) -> Committed | CommitRefused:
        """Record that an image could not be processed (`FAILED`), unless the table knows better.

        The variants of an earlier image stay: they are removed when a later try succeeds.
        """
        condition = (
            "attribute_not_exists(#Sequencer) OR #Sequencer < :Sequencer"
            " OR (#Sequencer = :Sequencer AND #Status = :failed)"
        )
        return self._settle(row, condition=condition, supersede=False, remove=())

    def forget_superseded(self, row: Row) -> None:
        """Note that the variants in `Superseded` are gone, if the row is still the one given.

        A row that was `FAILED` when it was read may be `READY` by now, with others to remove.
        """
        names = ("Sequencer", "PresetHash", "Status")
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"ImageID": row["ImageID"]}),
                UpdateExpression="REMOVE #Superseded",
                ConditionExpression=" AND ".join(f"#{name} = :{name}" for name in names),
                ExpressionAttributeNames=_names(("Superseded", *names)),
                ExpressionAttributeValues=_values({name: row.get(name) for name in names}),
            )
        except ClientError as error:
            if not _is_refusal(error):
                raise

    def mark_deleted(self, row: Row) -> Row:
        """Record the decision to delete an image (`DELETED`), in one conditional write; the new row.

        `row` has at least `ImageID`, `OriginalKey`, `Sequencer` and `ExpiresAt`. What was announced
        stays, and so do `Variants` and `Superseded`, so that a crash cannot forget them. An image that was
        deleted before keeps its `DeletedAt`, unless `row` has another.

        Raises RowChanged if the table holds the row of an event that is as new or newer.
        """
        set_ = {name: value for name, value in row.items() if name != "ImageID"}
        set_["Status"] = DELETED
        removed = sorted(Row.__annotations__.keys() - _OUTLIVES_DELETION - {*_OF_DELETIONS} - set_.keys())
        assignments = [f"#{name} = :{name}" for name in sorted(set_)]
        values = _values(set_)
        if "DeletedAt" not in row:
            assignments.append("#DeletedAt = if_not_exists(#DeletedAt, :now)")
            values |= _values({"now": timestamp()})
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=to_item({"ImageID": row["ImageID"]}),
                UpdateExpression=f"SET {', '.join(assignments)} REMOVE {', '.join(f'#{n}' for n in removed)}",
                ConditionExpression="attribute_not_exists(#Sequencer) OR #Sequencer < :Sequencer",
                ExpressionAttributeNames=_names({*set_, *removed, "DeletedAt"}),
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if _is_refusal(error):
                raise RowChanged(row["ImageID"]) from error
            raise
        return to_row(answer["Attributes"])

    def forget(self, deleted: Row, names: Iterable[str]) -> bool:
        """Remove attributes from the row of a deleted image; False if it is not the one given any more."""
        used = sorted(names)
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"ImageID": deleted["ImageID"]}),
                UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in used)}",
                ConditionExpression="#Status = :Status AND #Sequencer = :Sequencer",
                ExpressionAttributeNames=_names((*used, "Sequencer", "Status")),
                ExpressionAttributeValues=_values({"Sequencer": deleted["Sequencer"], "Status": DELETED}),
            )
        except ClientError as error:
            if not _is_refusal(error):
                raise
            return False
        return True

    def _settle(
        self, row: Row, *, condition: str, supersede: bool, remove: Iterable[str]
    ) -> Committed | CommitRefused:
        set_: dict[str, Any] = {**row, "ProcessedAt": timestamp()}
        del set_["ImageID"]
        # An image that was never announced enters the indexes here.
        set_["Shard"] = shard_of(row["ImageID"])
        removed = sorted({*remove, *_OF_DELETIONS})
        assignments = [f"#{name} = :{name}" for name in sorted(set_)]
        created: dict[str, str] = {}
        if "CreatedAt" not in row:
            # Of an image that was never announced, the upload is the first that is known.
            created = {"first": row.get("UploadedAt", set_["ProcessedAt"])}
            assignments.append("#CreatedAt = if_not_exists(#CreatedAt, :first)")
        if supersede:
            assignments.append("#Superseded = #Variants")
        expression = f"SET {', '.join(assignments)} REMOVE {', '.join(f'#{name}' for name in removed)}"
        used = {*set_, *removed, "CreatedAt", "Sequencer", "PresetHash", "Status", "Superseded", "Variants"}
        used = {name for name in used if f"#{name}" in expression + condition}
        values = _values({**set_, **created, "failed": "FAILED", "deleted": DELETED})
        values = {name: value for name, value in values.items() if name in expression + condition}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=to_item({"ImageID": row["ImageID"]}),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(used),
                ExpressionAttributeValues=values,
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not _is_refusal(error):
                raise
            standing = cast("Mapping[str, Any]", error.response).get("Item")
            if standing and settles(found := to_row(standing), row):
                return CommitRefused(row=found)
            raise RowChanged(row["ImageID"]) from error
        old = to_row(answer.get("Attributes", {}))
        return Committed(superseded=variant_keys(old) if supersede else ())


def _announced(row: Row) -> Row:
    return {**row, "Status": "PENDING", "Shard": shard_of(row["ImageID"])}


def _announced_as(previous: Row, row: Row) -> Row:
    """A row with what an earlier one says of the announcement, and nothing else of it."""
    settled = {name: value for name, value in row.items() if name not in ANNOUNCED}
    announced = {name: value for name, value in previous.items() if name in ANNOUNCED}
    return cast("Row", settled | announced)


def _names(names: Iterable[str]) -> dict[str, str]:
    return {f"#{name}": name for name in names}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f":{name}": value for name, value in to_item(values).items()}


def _is_refusal(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
