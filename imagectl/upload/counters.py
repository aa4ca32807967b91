"""The numbers of a run while it is running: written by its threads, read by its display."""

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Files and bytes. `found` grows while the folders are counted, `counted` says that they are.

    `before` were uploaded by an earlier run, `deleted` too, but their images are gone; `same` have the
    content of another file, `unsent` could not be uploaded, the `companions` of photographs among them.
    `sending_seconds` stands once everything has been sent. `settled` are the counts of the batch by status,
    as the service last reported them. `notice` is the reason for a pause.

    Only what the service or S3 has acknowledged is done; `moving_bytes` are on their way.
    """

    found: int = 0
    found_bytes: int = 0
    counted: bool = False
    before: int = 0
    same: int = 0
    deleted: int = 0
    unsent: int = 0
    companions: int = 0
    sent: int = 0
    sent_bytes: int = 0
    done_bytes: int = 0
    moving_bytes: int = 0
    settled: dict[str, int] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    sending_seconds: float = 0
    notice: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **numbers: int) -> None:
        """Add to some of the numbers at once."""
        with self._lock:
            for name, number in numbers.items():
                setattr(self, name, getattr(self, name) + number)

    def sending_ends(self) -> None:
        """Everything has been sent; what follows no longer counts for the rate."""
        self.sending_seconds = time.monotonic() - self.started

    @property
    def done(self) -> int:
        """Files that need nothing more to be sent."""
        return self.before + self.same + self.deleted + self.unsent + self.sent

    @property
    def bytes_a_second(self) -> float:
        """The mean rate of this run."""
        seconds = self.sending_seconds or time.monotonic() - self.started
        return self.sent_bytes / max(seconds, 0.001)

    @property
    def seconds_left(self) -> float | None:
        """Until the last byte is sent, at the mean rate; None while that cannot be said."""
        rate = self.bytes_a_second
        left = self.found_bytes - self.done_bytes
        return max(left, 0) / rate if rate and self.counted else None
