"""Permanent URLs of variants: `/i/{ImageID}/{name}`, which lead to wherever the variant is now.

The ImageID may hold slashes, which need no encoding.
"""

import re
from typing import Final
from urllib.parse import quote, unquote

from handlers.contract import keys
from handlers.contract.presets import is_name

PREFIX: Final = "/i/"
PATTERN: Final = f"{PREFIX}*"
"""The paths of all of them, as CloudFront writes it."""

# Browsers, and whatever else follows RFC 3986, take these out of a path, encoded or not.
_DOTS: Final = re.compile(r"(^|/)\.{1,2}(/|$)")


def variant_of(path: str) -> tuple[str, str] | None:
    """The ImageID and the name of the variant in a path, which is percent-encoded; None if it has none.

    Nor does it have any where the variant's own key could not be the path of a URL.
    """
    if not path.startswith(PREFIX):
        return None
    try:
        rest = unquote(path.removeprefix(PREFIX), errors="strict")
    except UnicodeDecodeError:
        return None
    image_id, _, name = rest.rpartition("/")
    usable = is_name(name) and keys.image_id_of(keys.original_key(image_id)) and not _DOTS.search(image_id)
    return (image_id, name) if usable else None


def path_of_key(key: str) -> str:
    """The path at which a distribution serves a variant's key."""
    return f"/{quote(key)}"
