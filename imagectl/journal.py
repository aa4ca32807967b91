"""What has been uploaded, by content: a SQLite file that outlives crashes.

`contents` has one row for each content (SHA-256) that was ever met for an API, and says how far it
got. `files` has one row for each path: the hash it had when it was read, and the last run that met
it. Whatever is about to happen is written down before it does.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from imagectl.database import Database
from imagectl.upload_model import UNSENT, Content, File, FileOutcome, State, UploadRun

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT, api TEXT NOT NULL, command TEXT NOT NULL,
    batch_id TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS contents (
    api TEXT NOT NULL, sha256 BLOB NOT NULL, path BLOB NOT NULL, state TEXT NOT NULL,
    image_id TEXT, batch_id TEXT NOT NULL, reason TEXT, run INTEGER NOT NULL,
    PRIMARY KEY (api, sha256)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS images ON contents (api, image_id);
CREATE INDEX IF NOT EXISTS batches ON contents (api, batch_id, state);
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 BLOB,
    content_type TEXT, run INTEGER NOT NULL, reason TEXT) WITHOUT ROWID;
"""
_UNSENT: Final = ", ".join(f"'{state}'" for state in UNSENT)
# What was not sent is tried again; what has no ImageID yet goes into the batch of now.
_MET_AGAIN: Final = f"""
UPDATE contents SET run = ?, path = ?,
    reason = CASE WHEN state IN ({_UNSENT}) THEN NULL ELSE reason END,
    batch_id = CASE WHEN state = 'QUEUED' THEN ? ELSE batch_id END
WHERE api = ? AND sha256 = ?
"""  # noqa: S608 - own constants


class Journal:
    """The journal in `path`, for one process at a time; its threads share it.

    Everything raises CannotContinue as Database does.
    """

    def __init__(self, path: Path) -> None:
        # Two processes would upload the same files twice: the database is for one.
        self._db = Database(path, _SCHEMA)
        self.close = self._db.close
        self.discarded = self._db.discarded
        self.together = self._db.together

    def begin(self, api: str, command: str, batch_id: str) -> UploadRun:
        """Begin a run; the same command continues the batch of its last run, if that is unfinished."""
        last = self._db.rows(
            "SELECT batch_id, finished FROM runs WHERE api = ? AND command = ? ORDER BY run DESC LIMIT 1",
            api,
            command,
        )
        resumed = bool(last) and not last[0]["finished"]
        batch_id = last[0]["batch_id"] if resumed else batch_id
        number = self._db.change(
            "INSERT INTO runs (api, command, batch_id) VALUES (?, ?, ?)", api, command, batch_id
        )
        return UploadRun(number=number, api=api, batch_id=batch_id, resumed=resumed)

    def finish(self, run: UploadRun) -> None:
        """There is nothing left that the same command could continue."""
        self._db.change("UPDATE runs SET finished = 1 WHERE run = ?", run.number)

    def known(self, path: str, size: int, mtime_ns: int) -> tuple[bytes, str] | None:
        """Hash and content type of a file that has not changed since it was read."""
        rows = self._db.rows(
            "SELECT sha256, content_type FROM files"
            " WHERE path = ? AND size = ? AND mtime_ns = ? AND sha256 IS NOT NULL",
            os.fsencode(path),
            size,
            mtime_ns,
        )
        return (rows[0]["sha256"], rows[0]["content_type"]) if rows else None

    def is_announced(self, api: str, path: str, size: int, mtime_ns: int) -> bool:
        """Whether a file is unchanged since its content was given an ImageID by the service."""
        return bool(
            self._db.rows(
                "SELECT 1 FROM files AS f JOIN contents AS c ON c.sha256 = f.sha256"
                " WHERE f.path = ? AND f.size = ? AND f.mtime_ns = ?"
                " AND c.api = ? AND c.image_id IS NOT NULL",
                os.fsencode(path),
                size,
                mtime_ns,
                api,
            )
        )

    def skip(self, run: UploadRun, path: str, reason: str, *, size: int = 0) -> None:
        """A path cannot be uploaded."""
        self._db.change(
            "INSERT OR REPLACE INTO files (path, size, mtime_ns, run, reason) VALUES (?, ?, 0, ?, ?)",
            os.fsencode(path),
            size,
            run.number,
            reason,
        )

    def claim(self, run: UploadRun, file: File, *, again: bool = False) -> Content | None:
        """The content of a file, for its first file in a run; None for the others.

        With `again`, what earlier batches uploaded is forgotten, and what has been deleted since.
        """
        path = os.fsencode(file.path)
        with self._db.together():
            self._db.change(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, NULL)",
                path,
                file.size,
                file.mtime_ns,
                file.sha256,
                file.content_type,
                run.number,
            )
            content = self._content(run, file.sha256)
            if content is not None and content["run"] == run.number:
                return None
            old = content is not None and (
                content["batch_id"] != run.batch_id or content["state"] == State.DELETED
            )
            if content is None or (again and old):
                self.requeue(run, file)
            else:
                self._db.change(_MET_AGAIN, run.number, path, run.batch_id, run.api, file.sha256)
            return self.content(run, file.sha256)

    def requeue(self, run: UploadRun, file: File) -> None:
        """The content of a file is to be uploaded in this run, whatever became of it before."""
        fresh = (run.api, file.sha256, os.fsencode(file.path), State.QUEUED, run.batch_id, run.number)
        self._db.change("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, NULL, ?, NULL, ?)", *fresh)

    def content(self, run: UploadRun, sha256: bytes) -> Content:
        """What is known of a content that was claimed."""
        row = self._content(run, sha256)
        assert row is not None, "a content is never removed"
        return _content(row)

    def announced(self, run: UploadRun, image_ids: Sequence[tuple[bytes, str]]) -> None:
        """Contents have got ImageIDs in the run's batch."""
        with self._db.together():
            for sha256, image_id in image_ids:
                self._db.change(
                    "UPDATE contents SET state = 'ANNOUNCED', image_id = ?, batch_id = ?"
                    " WHERE api = ? AND sha256 = ?",
                    image_id,
                    run.batch_id,
                    run.api,
                    sha256,
                )

    def reach(self, run: UploadRun, sha256: bytes, state: State) -> None:
        """A content got this far."""
        self._db.change("UPDATE contents SET state = ? WHERE api = ? AND sha256 = ?", state, run.api, sha256)

    def stop(self, run: UploadRun, sha256: bytes, reason: str) -> None:
        """A content gets no further in this run."""
        self._db.change(
            "UPDATE contents SET reason = ? WHERE api = ? AND sha256 = ?", reason, run.api, sha256
        )

    def settle_batch(self, api: str, batch_id: str, failures: Mapping[str, tuple[State, str | None]]) -> None:
        """Every image of a batch that was uploaded is READY, except the failures by their ImageIDs."""
        with self._db.together():
            self._db.change(
                "UPDATE contents SET state = 'READY', reason = NULL WHERE api = ? AND batch_id = ?"
                " AND state IN ('UPLOADED', 'READY', 'REJECTED', 'FAILED')",
                api,
                batch_id,
            )
            for image_id, (state, reason) in failures.items():
                self.settle(api, image_id, state, reason)

    def settle(self, api: str, image_id: str, state: State, reason: str | None) -> None:
        """This is what the service says of an image."""
        self._db.change(
            "UPDATE contents SET state = ?, reason = ? WHERE api = ? AND image_id = ?",
            state,
            reason,
            api,
            image_id,
        )

    def delete(self, api: str, image_id: str) -> None:
        """An image is not in the service any more."""
        self._db.change(
            "UPDATE contents SET state = 'DELETED', reason = NULL WHERE api = ? AND image_id = ?",
            api,
            image_id,
        )

    def knows(self, api: str, image_id: str) -> bool:
        """Whether a content was given this ImageID."""
        return bool(
            self._db.rows("SELECT 1 FROM contents WHERE api = ? AND image_id = ? LIMIT 1", api, image_id)
        )

    def counts(self, api: str, batch_id: str) -> Counter[State]:
        """How many contents of a batch are in each state, by whichever run."""
        rows = self._db.rows(
            "SELECT state, count(*) AS n FROM contents WHERE api = ? AND batch_id = ? GROUP BY state",
            api,
            batch_id,
        )
        return Counter({State(row["state"]): row["n"] for row in rows})

    def failures(self, api: str, batch_id: str) -> set[str]:
        """The ImageIDs of a batch that are REJECTED or FAILED."""
        rows = self._db.rows(
            "SELECT image_id FROM contents"
            " WHERE api = ? AND batch_id = ? AND state IN ('REJECTED', 'FAILED')",
            api,
            batch_id,
        )
        return {row["image_id"] for row in rows}

    def images(self, api: str, batch_id: str, *, after: bytes = b"", limit: int = 100) -> list[Content]:
        """Contents of a batch that the service was once done with, by hash, after the one given."""
        rows = self._db.rows(
            "SELECT * FROM contents WHERE api = ? AND sha256 > ? AND batch_id = ?"
            " AND state IN ('READY', 'REJECTED', 'FAILED', 'DELETED') ORDER BY sha256 LIMIT ?",
            api,
            after,
            batch_id,
            limit,
        )
        return [_content(row) for row in rows]

    def unsettled(self, run: UploadRun, *, after: bytes = b"", limit: int = 100) -> list[Content]:
        """Contents of the run that are uploaded and not settled, by hash, after the one given."""
        rows = self._db.rows(
            "SELECT * FROM contents WHERE api = ? AND sha256 > ? AND run = ? AND state = 'UPLOADED'"
            " ORDER BY sha256 LIMIT ?",
            run.api,
            after,
            run.number,
            limit,
        )
        return [_content(row) for row in rows]

    def outcomes(self, run: UploadRun) -> Iterator[FileOutcome]:
        """The outcome of every path of a run, by path; nothing may be written meanwhile."""
        rows = self._db.each_row(
            "SELECT f.path, f.size, f.reason AS skipped, c.path AS sent, c.state, c.image_id, c.reason"
            " FROM files AS f LEFT JOIN contents AS c ON c.api = ? AND c.sha256 = f.sha256"
            " WHERE f.run = ? ORDER BY f.path",
            run.api,
            run.number,
        )
        for row in rows:
            same_as = row["sent"] if row["sent"] != row["path"] else None
            yield FileOutcome(
                path=os.fsdecode(row["path"]),
                size=row["size"],
                state=State(row["state"]) if row["state"] else None,
                image_id=row["image_id"],
                reason=row["skipped"] or row["reason"],
                same_as=os.fsdecode(same_as) if same_as else None,
            )

    def _content(self, run: UploadRun, sha256: bytes) -> sqlite3.Row | None:
        rows = self._db.rows("SELECT * FROM contents WHERE api = ? AND sha256 = ?", run.api, sha256)
        return rows[0] if rows else None


def _content(row: sqlite3.Row) -> Content:
    return Content(
        sha256=row["sha256"],
        state=State(row["state"]),
        image_id=row["image_id"],
        batch_id=row["batch_id"],
        reason=row["reason"],
    )
