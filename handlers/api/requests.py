"""What clients send: HTTP API events (payload format 2.0) and the JSON of `POST /uploads`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers.api import problems, validation
from handlers.contract import keys
from handlers.contract.keys import Lane
from handlers.contract.original_metadata import MAX_FILE_NAME_BYTES
from handlers.contract.rows import BATCH_ID, Status

MAX_FILES: Final = 100
MAX_NAME_CHARACTERS: Final = 1024
# 100 files with names of 1,024 characters, each escaped, and some room.
MAX_JSON_BYTES: Final = 2 * 1024 * 1024
# A Lambda request is at most 6 MiB of JSON, in which a body travels as Base64.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
# The type of bytes that the client has no type for.
UNDECLARED: Final = "application/octet-stream"
# 32 bytes as Base64: the last letter carries four bits. For its end, see BATCH_ID.
SHA256: Final = r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$(?!\n)"

_Body = TypeVar("_Body")


class FileToUpload(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One file of `POST /uploads`: `bytes` is its size (the largest accepted, if it is not known),
    `sha256` the digest as Base64, as S3 wants it, `lane` the lane that is asked for. With an `imageId`
    that is still `PENDING`, that image is re-signed, and remains in its lane.
    """

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    content_type: Annotated[str, Meta(max_length=255)]
    bytes: Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType = UNSET
    sha256: Annotated[str, Meta(pattern=SHA256)] | UnsetType = UNSET
    image_id: Annotated[str, Meta(min_length=1, max_length=keys.MAX_IMAGE_ID_BYTES)] | UnsetType = UNSET
    lane: Lane | UnsetType = UNSET


class CreateUploads(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The body of `POST /uploads`. Files are parsed one by one: a bad one fails alone. `lane` is the lane
    that is asked for, for files that do not name another.
    """

    files: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_FILES)]
    batch_id: Annotated[str, Meta(pattern=BATCH_ID)] | UnsetType = UNSET
    lane: Lane = "express"


class NoQuery(msgspec.Struct):
    """The query of a route that takes none."""


class CreateImage(msgspec.Struct, kw_only=True, rename="camel"):
    """The query of `POST /images`."""

    name: Annotated[
        str, Meta(description=f"The file's name, cut off after {MAX_FILE_NAME_BYTES} bytes of UTF-8.")
    ] = ""
    lane: Annotated[Lane, Meta(description="The lane that is asked for.")] = "express"


class ListImages(msgspec.Struct, kw_only=True, rename="camel"):
    """The query of `GET /images`."""

    status: Status | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=2048)] | UnsetType = UNSET


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as the routes see it; header names are lower case, `body` is decoded.

    `authorizer` is what API Gateway found out about the caller.
    """

    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    authorizer: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Request":
        """Read an HTTP API event of payload format 2.0.

        An HTTP API hands path variables over with every escape decoded but that of the percent
        sign itself.
        """
        body = event.get("body") or ""
        path = event.get("pathParameters") or {}
        return cls(
            route=event["routeKey"],
            path={name: _unicode(value.replace("%25", "%")) for name, value in path.items()},
            query={
                _unicode(name): _unicode(value)
                for name, value in (event.get("queryStringParameters") or {}).items()
            },
            headers={name.lower(): _unicode(value) for name, value in (event.get("headers") or {}).items()},
            body=base64.b64decode(body) if event.get("isBase64Encoded") else _unicode(body).encode(),
            authorizer=event.get("requestContext", {}).get("authorizer") or {},
        )

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


def _unicode(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def decode(body: bytes, kind: type[_Body]) -> _Body:
    """Parse and validate JSON of at most `MAX_JSON_BYTES`. Raises Problem (400, 413).

    The parser is linear in the body and bounds its own recursion, so depth needs no check here.
    """
    if len(body) > MAX_JSON_BYTES:
        raise problems.too_large(len(body), MAX_JSON_BYTES)
    return decode_part(body, kind)


def decode_part(part: bytes | msgspec.Raw, kind: type[_Body]) -> _Body:
    """Parse and validate a part of JSON whose size was looked at. Raises Problem (400)."""
    try:
        return cast("_Body", _decoder(kind).decode(part))  # type: ignore[arg-type]  # types are hashable
    except RecursionError as error:
        raise problems.malformed("The JSON is nested too deeply.") from error
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise problems.malformed(validation.sentence(error, kind)) from error


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode_query(query: Mapping[str, str], kind: type[_Body]) -> _Body:
    """Parse and validate a query. Raises Problem (400), also for a parameter that `kind` does not have."""
    known = [field.encode_name for field in msgspec.structs.fields(cast("type[msgspec.Struct]", kind))]
    unknown = sorted(set(query) - set(known))
    if unknown:
        takes = f"takes {', '.join(known)}" if known else "takes none"
        raise problems.malformed(f"The route {takes}; it has no query parameter {unknown[0][:100]!r}.")
    try:
        return msgspec.convert(dict(query), kind, strict=False)
    except msgspec.MsgspecError as error:
        raise problems.malformed(validation.sentence(error, kind)) from error
