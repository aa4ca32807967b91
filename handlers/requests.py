"""What clients send: HTTP API events (payload format 2.0) and the JSON of `POST /uploads`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from handlers import problems

MAX_FILES: Final = 100
MAX_NAME_CHARACTERS: Final = 1024

_Body = TypeVar("_Body")


class FileToUpload(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One file of `POST /uploads`; `bytes` is its exact size."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    content_type: str
    bytes: Annotated[int, Meta(ge=1)]


class CreateUploads(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The body of `POST /uploads`. Files are parsed one by one: a bad one fails alone."""

    files: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_FILES)]
    batch_id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as the routes see it; header names are lower case, `body` is decoded."""

    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

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
            path={name: value.replace("%25", "%") for name, value in path.items()},
            query=event.get("queryStringParameters") or {},
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        )

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


def decode(body: bytes, kind: type[_Body]) -> _Body:
    """Parse and validate JSON. Raises Problem (400) saying what is wrong where."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise problems.malformed(str(error)) from error
