"""From records of the table's stream to events on the bus."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from handlers.contract.settings import PublishSettings
from handlers.publish.completion_events import event_of_change
from handlers.publish.event_bus import Bus, Entry
from handlers.storage.dynamodb_items import to_row

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_sqs import SQSClient

Record = dict[str, Any]
"""One record of a stream, as Lambda hands it over."""


class Publisher:
    """Publishes the outcomes and deletions in a stream in its order.

    A record that cannot be made an event would come again until it expires, and hold up all behind
    it: it goes whole to the dead letters, and the stream goes on.
    """

    def __init__(self, settings: PublishSettings, *, bus: Bus, sqs: "SQSClient", logger: "Logger") -> None:
        self._settings = settings
        self._bus = bus
        self._sqs = sqs
        self._logger = logger

    def publish(self, records: Iterable[Record]) -> None:
        """Publish the outcomes and deletions in the records.

        Raises NotTaken about the sequence number of the first record that was not published. Errors of
        SQS, where a dead letter cannot be sent, are botocore's.
        """
        self._bus.put(self._entries(records))

    def _entries(self, records: Iterable[Record]) -> Iterator[Entry]:
        for record in records:
            try:
                entry = self._entry(record)
            except Exception:
                # Whatever it is, it is no better the next time.
                self._logger.exception("unreadable", extra={"event_id": record.get("eventID")})
                self._bury(record)
            else:
                if entry:
                    yield entry

    def _entry(self, record: Record) -> Entry | None:
        change = record["dynamodb"]
        before, after = (
            to_row(change[image]) if image in change else None for image in ("OldImage", "NewImage")
        )
        told = event_of_change(before, after, self._settings.originals_bucket)
        return None if told is None else self._bus.entry(told, change["SequenceNumber"])

    def _bury(self, record: Record) -> None:
        self._sqs.send_message(
            QueueUrl=self._settings.dead_letter_queue_url, MessageBody=msgspec.json.encode(record).decode()
        )
