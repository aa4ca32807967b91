"""A client of the service at work: announce files, upload them, wait, fetch the variants."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from handlers.api.requests import MAX_FILES
from local.api_client import Api
from local.photos import Photo

_UPLOADS_AT_ONCE = 4
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 90


class SampleRunError(Exception):
    """The API did not answer as documented."""


@dataclass(kw_only=True)
class Outcome:
    """What became of one photograph.

    `status` is the image's, or `NOT ACCEPTED` (by the API) or `NOT UPLOADED` (refused by S3), and
    `reason` says why. `variants` is what the API says about each one, `files` where they were
    stored. `milliseconds` run from the start of the upload until the image was seen to be settled.
    """

    photo: Photo
    image_id: str = ""
    location: str = ""
    status: str = "PENDING"
    reason: str = ""
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    uploaded_at: float = 0
    milliseconds: int = 0


Progress = Callable[[Sequence[Outcome]], None]


def process(api: Api, photos: Sequence[Photo], results: Path, progress: Progress) -> list[Outcome]:
    """Send photographs through the service and store their variants in `results`.

    A variant is stored as `NAME/PRESET.EXTENSION`. `progress` is called with all outcomes so far,
    again and again. Images that do not settle while none of the others does either for a minute
    and a half stay `PENDING`. Raises SampleRunError.
    """
    outcomes = [Outcome(photo=photo) for photo in photos]
    with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
        uploads: list[Future[None]] = []
        for start in range(0, len(outcomes), MAX_FILES):
            announced = _announce(api, outcomes[start : start + MAX_FILES])
            uploads += [pool.submit(_upload, api, outcome, policy) for outcome, policy in announced]
        _settle(api, outcomes, results, progress)
        for upload in uploads:
            upload.result()
    return outcomes


def _announce(api: Api, outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, Mapping[str, Any]]]:
    files = [
        {"name": each.photo.name, "contentType": each.photo.content_type, "bytes": each.photo.bytes}
        for each in outcomes
    ]
    answer = _answered(api, "POST", "/uploads", json={"files": files})
    for outcome, file in zip(outcomes, answer["files"], strict=True):
        if "error" in file:
            problem = file["error"]
            outcome.status = "NOT ACCEPTED"
            outcome.reason = f"{problem['title']} {problem.get('detail', '')}".strip()
            continue
        outcome.image_id, outcome.location = file["imageId"], file["location"]
        yield outcome, file["upload"]


def _upload(api: Api, outcome: Outcome, policy: Mapping[str, Any]) -> None:
    started = time.monotonic()
    try:
        with outcome.photo.path.open("rb") as file:
            answer = api.http.post(policy["url"], data=policy["fields"], files={"file": file}, timeout=60)
    except (OSError, requests.RequestException) as error:
        outcome.status, outcome.reason = "NOT UPLOADED", str(error)
        return
    if answer.ok:
        outcome.uploaded_at = started
    else:
        outcome.status, outcome.reason = "NOT UPLOADED", f"{answer.status_code} {answer.text[:200]}"


def _settle(api: Api, outcomes: Sequence[Outcome], results: Path, progress: Progress) -> None:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < patience:
        progress(outcomes)
        pending = [outcome for outcome in outcomes if outcome.status == "PENDING"]
        if not pending:
            return
        for outcome in pending:
            if outcome.uploaded_at and _look(api, outcome, results):
                patience = time.monotonic() + _PATIENCE_SECONDS
                progress(outcomes)
        time.sleep(_POLL_SECONDS)


def _look(api: Api, outcome: Outcome, results: Path) -> bool:
    image = _answered(api, "GET", outcome.location)
    if image["status"] == "PENDING":
        return False
    outcome.milliseconds = round((time.monotonic() - outcome.uploaded_at) * 1000)
    outcome.reason = image.get("reason", "")
    outcome.variants = image.get("variants", {})
    outcome.files = {
        preset: _download(api, variant, results / outcome.photo.name)
        for preset, variant in outcome.variants.items()
    }
    outcome.status = image["status"]
    return True


def _download(api: Api, variant: Mapping[str, Any], folder: Path) -> Path:
    # The last part of the URL's path is PRESET.EXTENSION.
    name = str(variant["url"]).partition("?")[0].rpartition("/")[2]
    content = _good(lambda: api.http.get(variant["url"], timeout=60), "a signed URL").content
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def _answered(api: Api, method: str, path: str, **options: Any) -> Any:
    return _good(lambda: api.call(method, path, **options), f"{method} {path}").json()


def _good(request: Callable[[], requests.Response], what: str) -> requests.Response:
    try:
        answer = request()
    except requests.RequestException as error:
        raise SampleRunError(f"{what} was not answered: {error}") from error
    if not answer.ok:
        raise SampleRunError(f"{what} answered {answer.status_code}: {answer.text[:500]}")
    return answer
