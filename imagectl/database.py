"""A SQLite file that belongs to one process at a time, shared by its threads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imagectl.errors import CannotContinue


class Database:
    """The database in `path`, with the tables of `schema`; what is written survives a crash.

    Everything raises CannotContinue when the file is in use, is no database, or cannot be written.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._explained():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(schema)
            except sqlite3.Error:
                self._db.close()
                raise

    def _prepare(self, schema: str) -> None:
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")

    def close(self) -> None:
        """Let other processes use the file."""
        self._db.close()

    @contextmanager
    def discarded(self) -> Iterator[None]:
        """Forget in the end what is written within."""
        self.change("BEGIN")
        try:
            yield
        finally:
            self.change("ROLLBACK")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is written within, or nothing of it."""
        with self._lock:
            self.change("SAVEPOINT together")
            try:
                yield
            except BaseException:
                self.change("ROLLBACK TO together")
                raise
            finally:
                self.change("RELEASE together")

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._explained():
            return self._db.execute(query, values).fetchall()

    def each_row(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """The rows of a query one by one; nothing may be written meanwhile."""
        with self._explained():
            yield from self._db.execute(query, values)

    def change(self, statement: str, *values: Any) -> int:
        """Execute a statement; returns the id of the row that it inserted."""
        with self._lock, self._explained():
            return self._db.execute(statement, values).lastrowid or 0

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise CannotContinue(
                    f"Another imagectl is using the journal {self._path}.",
                    "Wait until it has ended, or keep a journal of your own with --journal FILE.",
                ) from error
            raise self._unusable(error) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> CannotContinue:
        return CannotContinue(
            f"The journal {self._path} cannot be used: {error}.", "Name another one with --journal FILE."
        )
