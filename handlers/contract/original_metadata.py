"""What only the announcement of an image knows, as metadata of its original.

The API binds it into the upload, so that a row can be written from the bucket alone. Anybody who may
write to the bucket may set it, so what is read back is either exactly what `encode` writes, or ignored.

S3 takes at most 2 KB of user-defined metadata, counted as the bytes of all keys and values, and promises
to return only US-ASCII: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from handlers.contract.rows import BATCH_ID, MAX_OWNER_BYTES, Row, iso_8601

MAX_FILE_NAME_BYTES: Final = 512
MAX_BYTES: Final = 2048
HEADER_PREFIX: Final = "x-amz-meta-"
"""What S3 puts before each key on the wire. Whether it counts is not documented, so it does here."""

_OWNER: Final = "intake-owner"
_FILE_NAME: Final = "intake-file-name"
_BATCH_ID: Final = "intake-batch-id"
_CREATED_AT: Final = "intake-created-at"
_KEYS: Final = (_OWNER, _FILE_NAME, _BATCH_ID, _CREATED_AT)


def cut_file_name(name: str) -> str:
    """A file's name, cut at a character so that it has at most `MAX_FILE_NAME_BYTES` in UTF-8."""
    return name.encode()[:MAX_FILE_NAME_BYTES].decode(errors="ignore")


def encode(row: Row) -> dict[str, str]:
    """The metadata of the original of an announced row: keys without S3's prefix, at most 2 KB in all."""
    metadata = {_OWNER: _base64(row["Owner"]), _CREATED_AT: row["CreatedAt"]}
    if "FileName" in row:
        metadata[_FILE_NAME] = _base64(cut_file_name(row["FileName"]))
    if "BatchID" in row:
        metadata[_BATCH_ID] = row["BatchID"]
    return metadata


def decode(metadata: Mapping[str, str]) -> Row:
    """The attributes that `encode` was given, all of them, or none if it did not write these."""
    given = {key: metadata[key] for key in _KEYS if key in metadata}
    try:
        row: Row = {"Owner": _text(given[_OWNER]), "CreatedAt": _time(given[_CREATED_AT])}
        if _FILE_NAME in given:
            row["FileName"] = _text(given[_FILE_NAME])
        if _BATCH_ID in given:
            row["BatchID"] = given[_BATCH_ID]
        return row if _is_possible(row) and encode(row) == given else {}
    except (KeyError, ValueError, OverflowError):
        return {}


def _is_possible(row: Row) -> bool:
    owner = row["Owner"].encode()
    return 0 < len(owner) <= MAX_OWNER_BYTES and bool(re.match(BATCH_ID, row.get("BatchID", "none")))


def _base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


def _text(value: str) -> str:
    return urlsafe_b64decode(value).decode()


def _time(value: str) -> str:
    """A time, if it is in the form in which rows have it. Raises ValueError."""
    if iso_8601(datetime.fromisoformat(value)) != value:
        raise ValueError(value)
    return value
