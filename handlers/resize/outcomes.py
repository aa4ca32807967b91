"""The words in which the worker speaks of messages, records and how they ended."""

from dataclasses import dataclass
from typing import Final, Literal

from handlers.contract.s3_events import ObjectEvent

Outcome = Literal["done", "rejected", "resent", "retry", "deferred"]
ACKNOWLEDGED: Final[frozenset[Outcome]] = frozenset({"done", "rejected", "resent"})
"""After these, nothing is left to be done with the message."""


class DeadlineReached(Exception):
    """The function's deadline is too near to begin another record."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How a record ended for good: `done` or `rejected`; or that it was `resent`, to wait.

    `note` says why in one machine-readable word: the reason of a rejection, what made a done
    record need nothing (`Duplicate`, `Stale`, …), or what is waited for. `size` is the original's
    size in bytes, `detail` what a person who looks into a rejection wants to know.
    """

    outcome: Literal["done", "rejected", "resent"]
    note: str
    size: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One SQS message: `queue` is the name of the queue that it is in, `attempt` counts its receives
    from 1, `last` says that the next failure sends it to the dead-letter queue.
    """

    id: str
    receipt_handle: str
    queue: str
    body: str
    attempt: int
    last: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is reported of one record, or of a message that holds no readable record.

    `outcome` is `done`, `rejected`, `resent`, `retry` or `deferred`; `milliseconds` is how long it took.
    """

    outcome: Outcome
    note: str
    attempt: int
    event: ObjectEvent | None = None
    milliseconds: int = 0
    size: int = 0
    detail: str = ""
    error: BaseException | None = None
