"""The key layouts of both buckets. Nothing else in the service builds or takes apart a key.

    originals   uploads/{ImageID}
    variants    resized/{ImageID}/{render}/{preset}.{extension}

`render` names one rendering: a short hash of the upload and of the presets.
A variant key is therefore never written twice with different bytes.
"""

import hashlib
from typing import Final

from handlers.contract.presets import Preset

ORIGINALS_PREFIX: Final = "uploads/"
VARIANTS_PREFIX: Final = "resized/"

# S3 keys are at most 1,024 bytes of UTF-8. A variant key adds the longest prefix, render and
# file name around the ImageID, so the ImageID has to leave room for them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES: Final = 1024
_RENDER_CHARACTERS: Final = 16
MAX_IMAGE_ID_BYTES: Final = (
    MAX_KEY_BYTES - len(VARIANTS_PREFIX) - len("/") - _RENDER_CHARACTERS - len("/") - 32 - len(".webp")
)

MAX_ORIGINAL_KEY_BYTES: Final = len(ORIGINALS_PREFIX) + MAX_IMAGE_ID_BYTES


def original_key(image_id: str) -> str:
    """The key of an original in the originals bucket."""
    return f"{ORIGINALS_PREFIX}{image_id}"


def image_id_of(key: str) -> str | None:
    """The ImageID of an original's key; None for any other key.

    The ImageID is the rest of the key after the prefix and may hold spaces, slashes and any
    Unicode. Keys that end in a slash are the folder markers that consoles and tools create.
    """
    return None if is_too_long(key) else _rest(key)


def is_too_long(key: str) -> bool:
    """Whether a key is only too long for an original's: S3 takes it, but there is no room for variants."""
    rest = _rest(key)
    return rest is not None and len(rest.encode()) > MAX_IMAGE_ID_BYTES


def _rest(key: str) -> str | None:
    rest = key.removeprefix(ORIGINALS_PREFIX)
    return None if rest == key or not rest or rest.endswith("/") else rest


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


def image_id_of_variant(key: str) -> str | None:
    """The ImageID of a variant's key; None for any other key."""
    rest = key.removeprefix(VARIANTS_PREFIX)
    image_id, *parts = rest.rsplit("/", 2)
    return image_id if rest != key and image_id and len(parts) == 2 and all(parts) else None
