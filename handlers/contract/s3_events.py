"""From the body of an SQS message to what happened in the originals bucket.

The structure of S3's event messages is documented at
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote_plus, unquote_plus

from handlers.contract.event_order import comparable

_FAMILIES: dict[str, Literal["created", "removed"]] = {
    "ObjectCreated": "created",
    "ObjectRemoved": "removed",
}
_NAMES = {"created": "ObjectCreated:Put", "removed": "ObjectRemoved:Delete"}


class MalformedMessage(ValueError):
    """The message is not an S3 event. It is retried like any failure, so a dead-letter queue keeps it."""


@dataclass(frozen=True, kw_only=True)
class ObjectEvent:
    """One record of an S3 event: an object was created or removed.

    `key` is decoded, `sequencer` comparable as text (see `comparable`), `size` in bytes (0 for
    removals), `etag` without quotes, `version_id` None in a bucket without versions, `time` as
    S3 wrote it (ISO 8601, UTC).
    """

    kind: Literal["created", "removed"]
    bucket: str
    key: str
    sequencer: str
    size: int
    etag: str
    version_id: str | None
    time: str

    @property
    def moment(self) -> datetime:
        """When it happened."""
        return _moment(self.time)

    @property
    def version(self) -> str:
        """What identifies the bytes of this object: its version id, or else its ETag."""
        return str(self.version_id) if self._has_version else self.etag

    @property
    def upload(self) -> str:
        """What identifies this upload: without versions, the same bytes can be uploaded twice."""
        return self.version if self._has_version else f"{self.etag}-{self.sequencer}"

    @property
    def _has_version(self) -> bool:
        return self.version_id not in {None, "", "null"}


def parse_message(body: str) -> tuple[ObjectEvent | MalformedMessage, ...]:
    """The object events in the body of one SQS message, in the order in which they stand.

    Empty for the `s3:TestEvent` that S3 sends when a notification is set up. Records of event
    families that are not about creation or removal are left out. A record that cannot be read
    is there as an error, so that it does not cost its neighbours anything.

    Raises MalformedMessage if the body is not an S3 event.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage("the body is not JSON") from error
    if not isinstance(message, dict):
        raise MalformedMessage("the body is not a JSON object")
    if message.get("Event") == "s3:TestEvent":
        return ()
    records = message.get("Records")
    if not isinstance(records, list):
        raise MalformedMessage("the body has no list of Records")
    events = (_parse_record(record) for record in records)
    return tuple(event for event in events if event is not None)


def as_message(event: ObjectEvent) -> str:
    """The body of a message with this one record, as S3 would have written it."""
    described: dict[str, Any] = {"key": quote_plus(event.key, safe="/"), "sequencer": event.sequencer}
    if event.kind == "created":
        described |= {"size": event.size, "eTag": event.etag}
    if event.version_id:
        described["versionId"] = event.version_id
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": event.time,
        "eventName": _NAMES[event.kind],
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": event.bucket}, "object": described},
    }
    return json.dumps({"Records": [record]})


def _parse_record(record: Any) -> ObjectEvent | MalformedMessage | None:
    try:
        family = record["eventName"].removeprefix("s3:").split(":")[0]
        if family not in _FAMILIES:
            return None
        described = record["s3"]["object"]
        return ObjectEvent(
            kind=_FAMILIES[family],
            bucket=record["s3"]["bucket"]["name"],
            key=_decoded(described["key"]),
            sequencer=comparable(described["sequencer"]),
            size=int(described.get("size", 0)),
            etag=str(described.get("eTag", "")).strip('"'),
            version_id=described.get("versionId"),
            time=_time(record["eventTime"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        return MalformedMessage(f"a record is not an S3 record: {type(error).__name__}: {error}")


def _time(text: str) -> str:
    _moment(text)  # a time that cannot be read is found here, not where it is needed
    return text


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _decoded(key: str) -> str:
    decoded = unquote_plus(key, errors="strict")
    decoded.encode()  # JSON can escape half a surrogate pair, which no key of S3 can hold
    return decoded
