"""The place that a long scan has reached, in a file that outlives crashes."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imagectl.errors import CannotContinue


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is being done: another job does not continue where this one stopped."""

    table: str
    preset_hash: str
    everything: bool
    prefix: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """How far a job has come: the key that its last finished page ended at, and what was counted."""

    after: dict[str, Any] | None = None
    looked_at: int = 0
    sent: int = 0


class Cursor:
    """Keeps a job's place in `path`. Raises CannotContinue if the file cannot be used."""

    def __init__(self, path: Path, job: Job) -> None:
        self.path = path
        self._job = job

    def load(self) -> Checkpoint:
        """Where the job stopped; the beginning if it never began, or another job used the file last."""
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            return Checkpoint(**kept["place"]) if kept["job"] == asdict(self._job) else Checkpoint()
        except FileNotFoundError:
            return Checkpoint()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotContinue(
                f"The cursor {self.path} cannot be read: {error}", "Delete it to start from the beginning."
            ) from error

    def save(self, place: Checkpoint) -> None:
        """Note a place, all of it or nothing."""
        unfinished = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps({"job": asdict(self._job), "place": asdict(place)}), "utf-8")
            unfinished.replace(self.path)
        except OSError as error:
            raise CannotContinue(f"The cursor {self.path} cannot be written: {error}") from error

    def forget(self) -> None:
        """The job is done."""
        self.path.unlink(missing_ok=True)
