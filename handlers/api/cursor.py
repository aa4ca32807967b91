"""The pagination cursor: a position in a list of images, as text that clients pass back."""

import base64
from typing import Final

import msgspec

from handlers.api import problems
from handlers.contract import keys

Position = tuple[str, str]
_NO_CURSOR: Final = "The cursor is none that this API gave out."
_MAX_TIME: Final = 40


def encode_cursor(position: Position) -> str:
    """A position as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """The position of a cursor. Raises Problem (400) if this API did not make it."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, image_id = msgspec.json.decode(
            base64.b64decode(padded, b"-_", validate=True), type=Position
        )
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise problems.malformed(_NO_CURSOR) from error
    # Longer ones, and empty ones, are not valid keys in DynamoDB.
    if not (0 < len(created_at) < _MAX_TIME and 0 < len(image_id.encode()) <= keys.MAX_IMAGE_ID_BYTES):
        raise problems.malformed(_NO_CURSOR)
    return created_at, image_id
