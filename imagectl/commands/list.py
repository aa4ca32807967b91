"""`imagectl list`."""

import json
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from imagectl.api_client import Service
from imagectl.output import results


class Status(StrEnum):
    """The statuses that images can be listed by."""

    PENDING = "PENDING"
    READY = "READY"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


def list_images(
    *,
    service: Service,
    status: Annotated[
        Status | None, typer.Option(case_sensitive=False, help="List only images of this status.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of images; 0 lists all.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document per line.")] = False,
) -> None:
    """List images, newest first: when each was announced (UTC), its status, id and file name."""
    for image in islice(service.images(status), limit or None):
        if as_json:
            results.out(json.dumps(image))
            continue
        why = f" ({image['reason']})" if image.get("reason") else ""
        name = image.get("fileName", "")
        created = image.get("createdAt", "")
        created = f"{created[:19]}Z" if created.endswith("Z") else created  # whole seconds, in UTC
        results.print(f"{created:<20}  {image['status']:<8}  {image['imageId']}  {name}{why}")
