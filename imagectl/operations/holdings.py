"""Everything that a stack holds of one owner: rows, and every version of every original.

The owner of an image is the one that its row names. Where a row names none, or there is no row any more,
each version of the original says who announced it.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from handlers.contract import keys
from handlers.contract.original_metadata import decode
from handlers.contract.rows import Row
from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_items import to_item, to_row
from imagectl.operations.buckets import listed
from imagectl.operations.stack import DeployedStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE: Final = 16
# BatchGetItem takes at most 100 keys a call.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_ROWS_A_CALL: Final = 100
_GONE: Final = {"404", "NoSuchKey", "NoSuchVersion"}


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker, which has no `size` and no `etag`."""

    key: str
    id: str
    is_current: bool
    is_marker: bool
    modified: datetime
    size: int = 0
    etag: str = ""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What is held of one image. `image_id` is None for an object whose key is not that of an original."""

    image_id: str | None
    key: str
    row: Row | None
    versions: Sequence[Version]


class Holdings:
    """What a stack holds of `owner`; `looked_at` counts the versions that were asked for their owner."""

    def __init__(self, stack: DeployedStack, owner: str) -> None:
        self._stack = stack
        self._owner = owner
        self._catalog = Catalog(stack.dynamodb, stack.table)
        self.looked_at = 0

    def __iter__(self) -> Iterator[Holding]:
        yield from self._with_rows()
        yield from self._without_rows()

    def variants(self, image_id: str) -> list[str]:
        """The keys of all variants of an image that are stored, superseded ones too."""
        found = listed(self._stack.s3, self._stack.variants, keys.variants_prefix(image_id))
        return [each.key for each in found if keys.image_id_of_variant(each.key) == image_id]

    def _with_rows(self) -> Iterator[Holding]:
        """The images whose rows name the owner, deleted ones too, which no index has: one scan."""
        pages = self._stack.dynamodb.get_paginator("scan").paginate(
            TableName=self._stack.table,
            ConsistentRead=True,
            FilterExpression="#Owner = :Owner",
            ExpressionAttributeNames={"#Owner": "Owner"},
            ExpressionAttributeValues=to_item({":Owner": self._owner}),
        )
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for page in pages:
                yield from pool.map(self._of_row, [to_row(item) for item in page["Items"]])

    def _of_row(self, row: Row) -> Holding:
        key = keys.original_key(row["ImageID"])
        found = dict(_versions(self._stack.s3, self._stack.originals, key)).get(key, [])
        return Holding(image_id=row["ImageID"], key=key, row=row, versions=found)

    def _without_rows(self) -> Iterator[Holding]:
        """What no row names an owner of, and the metadata of the object does: one listing of the bucket."""
        objects = _versions(self._stack.s3, self._stack.originals)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while some := list(islice(objects, _ROWS_A_CALL)):
                image_ids = [image_id for key, _ in some if (image_id := keys.image_id_of(key))]
                rows = self._catalog.get_many(image_ids)
                ownerless = [
                    each for each in some if "Owner" not in rows.get(keys.image_id_of(each[0]) or "", {})
                ]
                self.looked_at += sum(not each.is_marker for _, versions in ownerless for each in versions)
                for holding in pool.map(partial(self._by_metadata, rows), ownerless):
                    if holding:
                        yield holding

    def _by_metadata(self, rows: Mapping[str, Row], stored: tuple[str, list[Version]]) -> Holding | None:
        key, versions = stored
        originals = [each for each in versions if not each.is_marker]
        mine = [each for each in originals if self._announcer(each) == self._owner]
        if not mine:
            return None
        markers = [each for each in versions if each.is_marker] if len(mine) == len(originals) else []
        image_id = keys.image_id_of(key)
        return Holding(image_id=image_id, key=key, row=rows.get(image_id or ""), versions=[*mine, *markers])

    def _announcer(self, version: Version) -> str | None:
        try:
            found = self._stack.s3.head_object(
                Bucket=self._stack.originals, Key=version.key, VersionId=version.id
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return None
            raise
        return decode(found["Metadata"]).get("Owner")


def _versions(s3: "S3Client", bucket: str, prefix: str = "") -> Iterator[tuple[str, list[Version]]]:
    """Every version and delete marker below a prefix, by key in the order of S3's listing."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    found = (each for page in pages for each in sorted(_of_page(page), key=lambda each: each.key.encode()))
    for key, versions in groupby(found, key=attrgetter("key")):
        yield key, list(versions)


def _of_page(page: Mapping[str, Any]) -> Iterator[Version]:
    for member in ("Versions", "DeleteMarkers"):
        for each in page.get(member, ()):
            yield Version(
                key=each["Key"],
                id=each["VersionId"],
                is_current=each["IsLatest"],
                is_marker=member == "DeleteMarkers",
                modified=each["LastModified"],
                size=each.get("Size", 0),
                etag=each.get("ETag", "").strip('"'),
            )
