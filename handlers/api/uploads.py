"""Announcing images: a `PENDING` row and a presigned POST policy for each file to be uploaded."""

import time
from collections.abc import Callable

import msgspec
import uuid6

from handlers.api import problems
from handlers.api.presigned_posts import Announced, PresignedPosts
from handlers.api.problems import Problem
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import CreateUploads, FileToUpload, decode_part
from handlers.api.responses import (
    AcceptedFile,
    CreatedUploads,
    FileAnswer,
    ProblemDocument,
    RefusedFile,
    location,
)
from handlers.contract import keys
from handlers.contract.formats import CONTENT_TYPES
from handlers.contract.keys import Lane
from handlers.contract.original_metadata import cut_file_name
from handlers.contract.rows import DELETED, Row, timestamp
from handlers.contract.settings import ApiSettings
from handlers.storage.catalog import Catalog


def new_id() -> str:
    """A time-ordered, unguessable BatchID, or core of an ImageID: a version 7 UUID with 74 random bits."""
    return str(uuid6.uuid7())


def accepted_type(declared: str) -> str:
    """A declared content type, if it is one of those accepted. Raises Problem (415).

    The worker trusts only the bytes; this keeps the obvious mistakes out of the bucket.
    """
    if declared not in CONTENT_TYPES:
        raise problems.unsupported_content_type(declared, list(CONTENT_TYPES))
    return declared


class Uploads:
    """Announces images and signs the policies they are uploaded with.

    Announced images count towards their owner's quota, which also chooses their lanes. Re-signed ones do
    not, and remain in the lane that their id names. `count` is called with the number of rows written.
    """

    def __init__(
        self,
        catalog: Catalog,
        policies: PresignedPosts,
        quotas: Quotas,
        settings: ApiSettings,
        *,
        clock: Callable[[], float] = time.time,
        count: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._catalog = catalog
        self._policies = policies
        self._quotas = quotas
        self._settings = settings
        self._clock = clock
        self._count = count

    def create(self, wanted: CreateUploads, owner: str) -> CreatedUploads:
        """Announce files, or re-sign those that are announced: each gets a policy or its problem.

        Files beyond the owner's quota fail alone. Raises Problem (429) if it leaves no policy for any,
        and TableBusy.
        """
        batch_id = wanted.batch_id or new_id()
        files = [self._parsed(raw) for raw in wanted.files]
        named = [file.image_id for file in files if isinstance(file, FileToUpload) and file.image_id]
        standing = self._catalog.get_many(named)
        new = [file for file in files if isinstance(file, FileToUpload) and not file.image_id]
        asked = [Amounts.of(self._announced(file).size, file.lane or wanted.lane) for file in new]
        decisions = self._quotas.take(owner, asked)
        undecided = iter(decisions)
        sign = self._policies.signer()
        now = self._clock()
        shared = self._shared(owner, batch_id, now)
        answers: list[FileAnswer] = []
        rows: list[Row] = []
        for file in files:
            try:
                if isinstance(file, Problem):
                    raise file
                announced = self._announced(file)
                if file.image_id:
                    row = self._renew(standing.get(file.image_id), owner, now)
                else:
                    row = _pending(_new_image_id(next(undecided)), announced, shared)
                    rows.append(row)
            except Problem as problem:
                answers.append(RefusedFile(error=msgspec.convert(problem.document(), ProblemDocument)))
            else:
                image_id = row["ImageID"]
                answer = AcceptedFile(
                    image_id=image_id,
                    location=location(image_id),
                    lane=keys.lane_of(image_id),
                    upload=sign(row, announced),
                )
                answers.append(answer)
        beyond = [decision for decision in decisions if isinstance(decision, Problem)]
        if beyond and all(isinstance(answer, RefusedFile) for answer in answers):
            raise beyond[0]
        self._catalog.put_pending(rows)
        self._count(len(rows))
        return CreatedUploads(batch_id=batch_id, files=answers)

    def announce(self, file: Announced, lane: Lane, owner: str) -> Row:
        """Write the `PENDING` row of a new image without a batch, and return it.

        `lane` is the lane asked for. Raises Problem (429) if the image is beyond the owner's quota, and
        TableBusy.
        """
        [decision] = self._quotas.take(owner, [Amounts.of(file.size, lane)])
        row = _pending(_new_image_id(decision), file, self._shared(owner, "", self._clock()))
        self._catalog.put_pending([row])
        self._count(1)
        return row

    def _parsed(self, raw: msgspec.Raw) -> FileToUpload | Problem:
        try:
            file = decode_part(raw, FileToUpload)
            accepted_type(file.content_type)
            if file.bytes and file.bytes > self._settings.max_upload_bytes:
                raise problems.too_large(file.bytes, self._settings.max_upload_bytes)
        except Problem as problem:
            return problem
        return file

    def _announced(self, file: FileToUpload) -> Announced:
        size = file.bytes or self._settings.max_upload_bytes
        return Announced(name=file.name, content_type=file.content_type, size=size, sha256=file.sha256 or "")

    def _renew(self, row: Row | None, owner: str, now: float) -> Row:
        """The row, which waits for its upload as long as a new one would. Raises Problem (404, 409)."""
        if row is None or row["Status"] == DELETED or row.get("Owner") != owner:
            raise problems.unknown_image()
        if row["Status"] != "PENDING":
            raise problems.not_pending()
        pending = self._settings.pending_seconds
        # Half of the time is plenty, and saves a write for most of those that are re-signed.
        if row["ExpiresAt"] - now < pending / 2 and not self._catalog.keep_pending(
            row["ImageID"], int(now) + pending
        ):
            raise problems.not_pending()
        return row

    def _shared(self, owner: str, batch_id: str, now: float) -> Row:
        """What the rows of one call have in common."""
        row: Row = {
            "Owner": owner,
            "CreatedAt": timestamp(now),
            "ExpiresAt": int(now) + self._settings.pending_seconds,
        }
        if batch_id:
            row["BatchID"] = batch_id
        return row


def _new_image_id(decision: Lane | Problem) -> str:
    """A new ImageID in the lane that a quota chose. Raises Problem if it refused the image."""
    if isinstance(decision, Problem):
        raise decision
    return keys.image_id_in(decision, new_id())


def _pending(image_id: str, file: Announced, shared: Row) -> Row:
    row: Row = {
        **shared,
        "ImageID": image_id,
        "OriginalKey": keys.original_key(image_id),
        "ContentType": file.content_type,
    }
    if file.name:
        row["FileName"] = cut_file_name(file.name)
    return row
