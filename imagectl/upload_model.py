"""The data model of an upload: files, their contents, the state and the outcome of each."""

import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How far a content got. READY, REJECTED and FAILED are the service's own words.

    They may change: a FAILED image is repaired, any image is deleted.
    """

    QUEUED = "QUEUED"
    ANNOUNCED = "ANNOUNCED"
    UPLOADED = "UPLOADED"
    READY = "READY"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    DELETED = "DELETED"


UNSENT: Final = (State.QUEUED, State.ANNOUNCED)
SETTLED: Final = (State.READY, State.REJECTED, State.FAILED)


_GENERATED: Final = re.compile(r"[0-9a-f]{32}")


def new_batch_id() -> str:
    """The BatchID of an upload that names none."""
    return uuid.uuid4().hex


def is_generated(batch_id: str) -> bool:
    """Whether a BatchID is one of `new_batch_id`, so that nobody else uploads into the batch by chance."""
    return bool(_GENERATED.fullmatch(batch_id))


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that was read: `name` is sent to the service, `size` in bytes, `sha256` 32 raw bytes."""

    path: str
    name: str
    size: int
    mtime_ns: int
    content_type: str
    sha256: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What the journal knows of a content; `reason` says why it got no further."""

    sha256: bytes
    state: State
    image_id: str | None
    batch_id: str
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadRun:
    """One `imagectl upload`; `resumed` when it continues the batch of an earlier, unfinished one."""

    number: int
    api: str
    batch_id: str
    resumed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOutcome:
    """The outcome of one path. Without a state it was never sent, and `reason` says why.

    `same_as` is the path with the same content that was sent in its stead.
    """

    path: str
    size: int
    state: State | None
    image_id: str | None
    reason: str | None
    same_as: str | None
