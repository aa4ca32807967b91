"""Putting events on the bus of a pipeline."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from handlers.contract.backoff import retry_delay
from handlers.contract.event_source import SOURCE
from handlers.publish.completion_events import DETAIL_TYPES, ImageDeletedEvent, ImageEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html takes ten entries
# and 256 KB a call, counted like this:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
_MOST_ENTRIES: Final = 10
MOST_BYTES: Final = 256 * 1024
_TIME_BYTES: Final = 14
_TRIES: Final = 4
_BASE_SECONDS: Final = 0.6
_MAX_SECONDS: Final = 3.0


class EventTooLarge(Exception):
    """The event has more bytes than a bus takes."""


class NotTaken(Exception):
    """The bus did not take events; `about` is what the first of them is about."""

    def __init__(self, about: str, said: str) -> None:
        super().__init__(said)
        self.about = about


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event as it is sent, in `size` bytes; `about` is what its sender knows it by."""

    about: str
    size: int
    request: "PutEventsRequestEntryTypeDef"


class Bus:
    """A bus by its name; `count` is called with the number of events it took."""

    def __init__(
        self,
        client: "EventBridgeClient",
        name: str,
        *,
        count: Callable[[int], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._count = count
        self._sleep = sleep

    def entry(self, told: ImageEvent, about: str) -> Entry:
        """An event as it is sent. Raises EventTooLarge."""
        detail = msgspec.json.encode(told).decode()
        request: PutEventsRequestEntryTypeDef = {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPES[type(told)],
            "Time": datetime.fromisoformat(_moment(told)),
            "Detail": detail,
        }
        size = _TIME_BYTES + sum(len(text.encode()) for text in (SOURCE, request["DetailType"], detail))
        if size > MOST_BYTES:
            raise EventTooLarge(f"{size} bytes; a bus takes {MOST_BYTES}")
        return Entry(about=about, size=size, request=request)

    def put(self, entries: Iterable[Entry]) -> None:
        """Put events in their order. Raises NotTaken, before which some of those behind it were taken."""
        for chunk in _chunks(entries):
            self._put(chunk)

    def _put(self, chunk: Sequence[Entry]) -> None:
        left, said = chunk, ""
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(retry_delay(attempt, _BASE_SECONDS, _MAX_SECONDS))
            try:
                answer = self._client.put_events(Entries=[each.request for each in left])
            except (BotoCoreError, ClientError) as error:
                raise NotTaken(left[0].about, str(error)) from error
            refused = [
                (each, result)
                for each, result in zip(left, answer["Entries"], strict=True)
                if "ErrorCode" in result
            ]
            self._count(len(left) - len(refused))
            if not refused:
                return
            left, result = [each for each, _ in refused], refused[0][1]
            said = f"{len(left)} events, the first for {result['ErrorCode']}: {result.get('ErrorMessage')}"
        raise NotTaken(left[0].about, said)


def _moment(told: ImageEvent) -> str:
    return told.deleted_at if isinstance(told, ImageDeletedEvent) else told.processed_at


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in the order they come in, as many together as one call takes."""
    chunk: list[Entry] = []
    for entry in entries:
        if len(chunk) == _MOST_ENTRIES or sum(each.size for each in chunk) + entry.size > MOST_BYTES:
            yield chunk
            chunk = []
        chunk.append(entry)
    if chunk:
        yield chunk
