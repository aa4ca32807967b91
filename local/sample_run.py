"""Photographs through the whole service, with the upload client of imagectl."""

import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from handlers.contract.formats import FORMATS
from imagectl.api_client import Service
from imagectl.journal import Journal
from imagectl.upload.bulk_upload import bulk_upload
from imagectl.upload.counters import Counters
from imagectl.upload.file_walk import Found, Wanted, walk
from imagectl.upload.summary import status
from imagectl.upload_model import FileOutcome

WANTED: Final = Wanted(include=[f"*.{end}" for each in FORMATS.values() for end in each.extensions])
_WAIT_SECONDS: Final = 90


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """The outcome of one photograph; `name` is its path below the folder.

    `status` is the image's, or NOT_UPLOADED, and `reason` says why. `variants` is the API's answer about
    each. `milliseconds` run from its announcement until its row was READY.
    """

    name: str
    image_id: str = ""
    status: str
    reason: str = ""
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    milliseconds: int = 0


def has_photographs(folder: Path) -> bool:
    """Whether there is an image file in the folder or below it."""
    return any(isinstance(each, Found) for each in walk([str(folder)], WANTED))


def process(service: Service, folder: Path, results: Path) -> list[Photograph]:
    """Upload the photographs of a folder and store their variants as `RESULTS/NAME/PRESET.EXTENSION`.

    Raises CannotContinue as the client does, and httpx.HTTPError if a variant cannot be fetched.
    """
    results.mkdir(parents=True, exist_ok=True)
    with closing(Journal(results / "journal.sqlite3")) as journal:
        run = journal.begin(service.url, "sample run", uuid.uuid4().hex)
        bulk_upload(
            service,
            journal,
            run,
            Counters(),
            paths=[str(folder)],
            wanted=WANTED,
            own_batch=True,
            wait_seconds=_WAIT_SECONDS,
        )
        found = sorted(journal.outcomes(run), key=lambda outcome: outcome.path)
    return [_fetched(service, outcome, folder, results) for outcome in found]


def _fetched(service: Service, outcome: FileOutcome, folder: Path, results: Path) -> Photograph:
    name = Path(outcome.path).relative_to(folder).as_posix()
    image = (service.image(outcome.image_id) if outcome.image_id else None) or {}
    variants = image.get("variants", {})
    for variant in variants.values():
        # The last part of the URL's path is PRESET.EXTENSION.
        path = results / name / httpx.URL(variant["url"]).path.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(httpx.get(variant["url"]).raise_for_status().content)
    return Photograph(
        name=name,
        image_id=outcome.image_id or "",
        status=status(outcome),
        reason=outcome.reason or "",
        variants=variants,
        milliseconds=_milliseconds(image["createdAt"], image["processedAt"]) if variants else 0,
    )


def _milliseconds(start: str, end: str) -> int:
    took = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return round(took.total_seconds() * 1000)
