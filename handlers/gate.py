"""The gate in front of the originals: nothing is read before it was scanned and found clean."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from handlers.events import ObjectEvent, as_message
from handlers.outcomes import Settled
from handlers.scanning import is_clean, wait
from handlers.storage import GatedStorage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Gate = Callable[[ObjectEvent], Settled | None]
"""How a record ends whose original may not be read now; None if it may be."""


def open_gate(_: ObjectEvent) -> None:
    """The gate of a stack that has nothing scanned."""


class ScanGate:
    """Lets events pass whose originals are clean, and sends those again that must wait.

    `patience_seconds` after an upload its scan is overdue; `clock` tells seconds since 1970.
    """

    def __init__(
        self,
        storage: GatedStorage,
        queue: "SQSClient",
        *,
        queue_url: str,
        patience_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._queue_url = queue_url
        self._patience = patience_seconds
        self._clock = clock

    def __call__(self, event: ObjectEvent) -> Settled | None:
        """Decide about the object that stands at the event's key, if it is still the event's.

        Raises what `handlers.scanning.is_clean` does.
        """
        scan = self._storage.scan(event.key)
        if scan is None:
            return Settled(outcome="done", note="Vanished")
        if scan.version_id and event.version_id and scan.version_id != event.version_id:
            return Settled(outcome="done", note="Overwritten")
        waited = max(0.0, self._clock() - event.moment.timestamp())
        if is_clean(scan.status, waited=waited, patience=self._patience):
            return None
        # Waiting is no failure and uses up no receive: a message of its own is sent for later, and
        # only then is this one acknowledged. What ends in between doubles the event, and loses none.
        self._queue.send_message(
            QueueUrl=self._queue_url, MessageBody=as_message(event), DelaySeconds=wait(waited)
        )
        return Settled(outcome="resent", note="AwaitingScan", size=event.size)
