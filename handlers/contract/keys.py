"""The key layouts of both buckets. Nothing else in the service builds or takes apart a key.

    originals   express/{ImageID}    the express lane: ids that the API made for it
                uploads/{ImageID}    the bulk lane: all others, and files dropped into the bucket
    variants    resized/{ImageID}/{render}/{preset}.{extension}

An ImageID says which lane its original is in, so one id has one key.
`render` names one rendering: a short hash of the upload and of the presets.
A variant key is therefore never written twice with different bytes.
"""

import hashlib
import re
from typing import Final, Literal, get_args

from handlers.contract.presets import Preset

Lane = Literal["express", "bulk"]
"""A queue with its own concurrency: a few images that somebody waits for, or everything else."""

LANES: Final[tuple[Lane, ...]] = get_args(Lane)

ORIGINALS_PREFIXES: Final[dict[Lane, str]] = {"express": "express/", "bulk": "uploads/"}
VARIANTS_PREFIX: Final = "resized/"

# S3 keys are at most 1,024 bytes of UTF-8. A variant key adds the longest prefix, render and
# file name around the ImageID, so the ImageID has to leave room for them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES: Final = 1024
_RENDER_CHARACTERS: Final = 16
MAX_IMAGE_ID_BYTES: Final = (
    MAX_KEY_BYTES - len(VARIANTS_PREFIX) - len("/") - _RENDER_CHARACTERS - len("/") - 32 - len(".webp")
)

MAX_ORIGINAL_KEY_BYTES: Final = len(ORIGINALS_PREFIXES["bulk"]) + MAX_IMAGE_ID_BYTES

# An id of the express lane is a version 7 UUID with this suffix. Names of dropped files do not look so.
_EXPRESS_SUFFIX: Final = "-x"
_EXPRESS_ID: Final = re.compile(
    f"[0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}{_EXPRESS_SUFFIX}"
)


def image_id_in(lane: Lane, uuid7: str) -> str:
    """The ImageID of a new image in a lane, from a version 7 UUID as text."""
    return uuid7 + _EXPRESS_SUFFIX if lane == "express" else uuid7


def lane_of(image_id: str) -> Lane:
    """The lane that an image's original is in."""
    return "express" if _EXPRESS_ID.fullmatch(image_id) else "bulk"


def original_key(image_id: str) -> str:
    """The key of an original in the originals bucket."""
    return f"{ORIGINALS_PREFIXES[lane_of(image_id)]}{image_id}"


def image_id_of(key: str) -> str | None:
    """The ImageID of an original's key; None for any other key.

    The ImageID is the rest of the key after the prefix and may hold spaces, slashes and any
    Unicode. Keys that end in a slash are the folder markers that consoles and tools create. A key
    whose prefix is not that of its id's lane is not an original.
    """
    image_id = _rest(key)
    if image_id is None or _exceeds(image_id) or original_key(image_id) != key:
        return None
    return image_id


def is_too_long(key: str) -> bool:
    """Whether a key is only too long for an original's: S3 takes it, but there is no room for variants."""
    rest = _rest(key)
    return rest is not None and _exceeds(rest) and original_key(rest) == key


def is_misplaced(key: str) -> bool:
    """Whether a key is under the prefix of a lane that its ImageID does not belong to."""
    rest = _rest(key)
    return rest is not None and original_key(rest) != key


def _rest(key: str) -> str | None:
    """What follows the prefix of a lane; None without such a prefix, and for folder markers."""
    for prefix in ORIGINALS_PREFIXES.values():
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            return rest if rest and not rest.endswith("/") else None
    return None


def _exceeds(image_id: str) -> bool:
    return len(image_id.encode()) > MAX_IMAGE_ID_BYTES


def render_of(version: str, preset_hash: str) -> str:
    """The name of one rendering: 16 hex digits.

    `version` identifies the upload: its S3 version id, or its ETag and sequencer in a bucket
    without versions, where variants of an earlier upload may still be on their way out.
    """
    digest = hashlib.sha256(f"{version}\n{preset_hash}".encode()).hexdigest()
    return digest[:_RENDER_CHARACTERS]


def variant_key(image_id: str, render: str, preset: Preset) -> str:
    """The key of a variant in the variants bucket."""
    return f"{VARIANTS_PREFIX}{image_id}/{render}/{preset.name}.{preset.extension}"


def variants_prefix(image_id: str) -> str:
    """What the keys of an image's variants start with, and perhaps those of images below it."""
    return f"{VARIANTS_PREFIX}{image_id}/"


def image_id_of_variant(key: str) -> str | None:
    """The ImageID of a variant's key; None for any other key."""
    rest = key.removeprefix(VARIANTS_PREFIX)
    image_id, *parts = rest.rsplit("/", 2)
    return image_id if rest != key and image_id and len(parts) == 2 and all(parts) else None
