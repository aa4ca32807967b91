"""The secondary indexes of the table: how rows are found when their ImageID is not known.

Keys of several attributes are DynamoDB's own, so an index is made of the attributes that a row
has anyway: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html

Every partition key holds `Shard`, a number that follows from the ImageID: one partition takes
1,000 writes a second, and newest-first order would send all of them to the same one. A reader
asks all shards and merges. An index holds the rows that have all attributes of its key and no
others: files dropped into the bucket have no `Owner`, images sent alone no `BatchID`.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

SHARDS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Index:
    """A secondary index that holds keys only; its keys are made of these attributes, in order."""

    name: str
    partition: tuple[str, ...]
    sort: tuple[str, ...]


# `CreatedAt` does not change once an image has an owner, so these two list every row exactly once,
# whatever happens meanwhile, and settling an image does not write to them.
BY_AGE: Final = Index(name="ByAge", partition=("Shard",), sort=("CreatedAt", "ImageID"))
BY_OWNER: Final = Index(name="ByOwner", partition=("Owner", "Shard"), sort=("CreatedAt", "ImageID"))

BY_STATUS: Final = Index(name="ByStatus", partition=("Status", "Shard"), sort=("CreatedAt", "ImageID"))
BY_OWNER_AND_STATUS: Final = Index(
    name="ByOwnerAndStatus", partition=("Owner", "Status", "Shard"), sort=("CreatedAt", "ImageID")
)
# The owner is part of a batch's name: two callers that choose the same BatchID have two batches.
BY_BATCH: Final = Index(name="ByBatch", partition=("BatchID", "Shard"), sort=("Owner", "Status", "ImageID"))

INDEXES: Final = (BY_AGE, BY_OWNER, BY_STATUS, BY_OWNER_AND_STATUS, BY_BATCH)

# DynamoDB's types of the attributes that keys are made of.
KEY_TYPES: Final = {
    "ImageID": "S",
    "Shard": "N",
    "CreatedAt": "S",
    "Owner": "S",
    "Status": "S",
    "BatchID": "S",
}


def shard_of(image_id: str) -> int:
    """The shard of an image: 0 to 7, the same for ever."""
    return crc32(image_id.encode()) % SHARDS
