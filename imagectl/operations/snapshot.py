"""Rows and the variants they name, in the order of S3's listings, kept on disk.

A scan answers in no order, a bucket's listing in that of its keys' bytes. Sorted alike, they can
be walked side by side, however many there are, in the memory of one page.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from handlers.contract.rows import Row, leftover_keys, superseded_keys, variant_keys

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (image_id BLOB PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE variants (key BLOB PRIMARY KEY, image_id TEXT NOT NULL, wanted INTEGER NOT NULL) WITHOUT ROWID;
"""
_KEPT: Final = (
    "ImageID",
    "Status",
    "Sequencer",
    "UploadedAt",
    "ProcessedAt",
    "DeletedAt",
    "ETag",
    "Reason",
)


class Snapshot:
    """The table as it was scanned."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self.rows_held = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Keep what the comparison needs of these rows."""
        for row in rows:
            self.rows_held += 1
            names = {*_KEPT, "Superseded", "Variants"} if leftover_keys(row) else {*_KEPT}
            kept = {name: value for name, value in row.items() if name in names}
            self._db.execute(
                "INSERT OR REPLACE INTO rows VALUES (?, ?)", (row["ImageID"].encode(), json.dumps(kept))
            )
            named = [(key, True) for key in variant_keys(row)] + [
                (key, False) for key in superseded_keys(row)
            ]
            self._db.executemany(
                "INSERT OR REPLACE INTO variants VALUES (?, ?, ?)",
                [(key.encode(), row["ImageID"], wanted) for key, wanted in named],
            )

    def rows(self) -> Iterator[tuple[bytes, Row]]:
        """The rows, as far as they are kept, by the bytes of their ImageIDs."""
        for image_id, row in self._db.execute("SELECT image_id, row FROM rows ORDER BY image_id"):
            yield image_id, cast("Row", json.loads(row))

    def variants(self) -> Iterator[tuple[bytes, tuple[str, bool]]]:
        """Keys of variants in their order: the image, and whether it needs them or is done with them."""
        for key, image_id, wanted in self._db.execute("SELECT * FROM variants ORDER BY key"):
            yield key, (image_id, bool(wanted))


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """An empty snapshot, in a temporary file that goes with the block."""
    with tempfile.TemporaryDirectory(prefix="imagectl-") as folder:
        database = sqlite3.connect(Path(folder) / "snapshot.sqlite3", isolation_level=None)
        try:
            database.executescript(_SCHEMA)
            yield Snapshot(database)
        finally:
            database.close()
