"""`imagectl status`."""

import json
import re
from typing import Annotated, Final

import typer

from imagectl.api_client import Document, Service
from imagectl.errors import EXIT_NOT_ALL_READY, CannotContinue
from imagectl.output import fields, results, size

# The members of an image's document, in the words and the order in which they are shown.
_LABELS: Final = {
    "imageId": "image",
    "status": "status",
    "reason": "reason",
    "fileName": "file name",
    "batchId": "batch",
    "owner": "owner",
    "contentType": "declared as",
    "format": "format",
    "bytes": "size",
    "frames": "frames",
    "bitDepth": "bits per channel",
    "hasAlpha": "transparency",
    "dominantColor": "main colour",
    "attempts": "attempts",
    "createdAt": "announced",
    "uploadedAt": "uploaded",
    "processedAt": "processed",
}
_NOT_SHOWN: Final = ("placeholder", "width", "height")
_BATCH_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def status(
    *,
    service: Service,
    thing: Annotated[str, typer.Argument(metavar="BATCH|IMAGE", help="The id of a batch or an image.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's JSON document.")] = False,
) -> None:
    """Show the status of a batch or an image.

    The exit code is 0 only if everything in it is READY.
    """
    batch = service.batch(thing) if _BATCH_ID.fullmatch(thing) else None
    document = batch or service.image(thing)
    if document is None:
        raise CannotContinue(f"There is neither a batch nor an image '{thing}' that you may see.")
    if as_json:
        results.out(json.dumps(document))
    elif batch:
        _print_batch(batch)
    else:
        _print_image(document)
    ready = batch["counts"]["READY"] == batch["total"] if batch else document["status"] == "READY"
    if not ready:
        raise typer.Exit(EXIT_NOT_ALL_READY)


def _print_batch(batch: Document) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in batch["counts"].items() if count)
    results.print(f"batch {batch['batchId']}: {counts}; {'done' if batch['done'] else 'not done yet'}")
    for failure in batch["failures"]:
        name = failure.get("fileName") or failure["imageId"]
        reason = failure.get("reason") or ""
        results.print(f"{failure['status']:<9} {failure['imageId']}  {name}: {reason}")


def _print_image(image: Document) -> None:
    plain = {name: value for name, value in image.items() if not isinstance(value, (dict, list))}
    shown = {label: plain[name] for name, label in _LABELS.items() if name in plain}
    # What a newer service adds is shown too, in its own words.
    shown |= {name: value for name, value in plain.items() if name not in {*_LABELS, *_NOT_SHOWN}}
    if "width" in plain and "height" in plain:
        shown["pixels"] = f"{plain['width']} x {plain['height']}"
    if "hasAlpha" in plain:
        shown[_LABELS["hasAlpha"]] = "yes" if plain["hasAlpha"] else "no"
    if isinstance(plain.get("bytes"), int):
        shown[_LABELS["bytes"]] = size(plain["bytes"])
    variants = {
        f"variant {name}": f"{variant['width']} x {variant['height']}, {size(variant['bytes'])}, "
        f"{variant['contentType']}"
        for name, variant in image.get("variants", {}).items()
    }
    results.print(*fields(shown | variants), sep="\n")
