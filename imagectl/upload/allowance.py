"""What a long upload finds left of the caller's quota, and what it would exceed."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Final

from handlers.contract.keys import Lane
from imagectl.api_client import Document
from imagectl.output import clock, size
from imagectl.upload.file_walk import Found, Unusable

# More files than these are an import, which leaves the express lane to photographs that somebody waits for.
HANDFUL: Final = 10
_LONG_BYTES: Final = 1_000_000_000


def usual_lane(files: Iterable[Found | Unusable]) -> Lane:
    """The lane that an upload of these files asks for; no more of them are read than it takes to know."""
    found = (each for each in files if isinstance(each, Found))
    return "bulk" if len(list(islice(found, HANDFUL + 1))) > HANDFUL else "express"


def is_long(images: int, total: int) -> bool:
    """Whether an upload of so many images and bytes is worth a look at the quota."""
    return images > HANDFUL or total > _LONG_BYTES


def sentence(quota: Document, images: int, total: int) -> str:
    """What is left of a quota, as the service describes it, and what of the images and bytes is beyond."""
    left = {unit: quota[unit]["limit"] - quota[unit]["used"] for unit in ("images", "bytes")}
    until = datetime.fromisoformat(quota["images"]["resetsAt"]).astimezone()
    beyond = [
        *([f"{images - left['images']:,} images"] if images > left["images"] else []),
        *([size(total - left["bytes"])] if total > left["bytes"] else []),
    ]
    shown = (
        f"quota: {left['images']:,} of {quota['images']['limit']:,} images and {size(left['bytes'])} of "
        f"{size(quota['bytes']['limit'])} are left until {clock(until)}"
    )
    return f"{shown}; {' and '.join(beyond)} beyond it will wait" if beyond else shown
