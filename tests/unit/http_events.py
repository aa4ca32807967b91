"""The API as its operator sees it: requests the way an HTTP API hands them to the function."""

import base64
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from handlers.api import entry_point
from tests.unit.resize_environment import OPERATOR


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    document: Any

    @property
    def problem(self) -> str:
        """The last part of the problem's type; fails if this is no problem document."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.document["status"] == self.status
        assert self.document["title"]
        return problem_of(self.document)


def problem_of(document: dict[str, Any]) -> str:
    return document["type"].removeprefix("urn:image-intake:problem:")


def http_event(
    route: str,
    body: bytes | str = "",
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    caller: str = OPERATOR,
) -> dict[str, Any]:
    """An event of payload format 2.0: bytes travel as Base64, absent members are left out."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "headers": headers or {},
        "requestContext": {"authorizer": {"iam": {"userArn": caller}}},
        "isBase64Encoded": isinstance(body, bytes),
    }
    if body:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    if path:
        event["pathParameters"] = path
    if query:
        event["queryStringParameters"] = query
    return event


def call(route: str, body: bytes | str = "", **parts: Any) -> Answer:
    response = entry_point.handler(http_event(route, body, **parts), SimpleNamespace(aws_request_id="r1"))
    return Answer(
        status=response["statusCode"],
        headers=response["headers"],
        document=json.loads(response["body"]) if "body" in response else None,
    )


def post_uploads(document: Any, caller: str = OPERATOR) -> Answer:
    body = document if isinstance(document, (str, bytes)) else json.dumps(document)
    return call("POST /uploads", body, headers={"Content-Type": "application/json"}, caller=caller)


def post_image(body: bytes, content_type: str = "image/png", **query: str) -> Answer:
    return call("POST /images", body, headers={"Content-Type": content_type}, query=query)


def get_image(image_id: str, caller: str = OPERATOR) -> Answer:
    return call("GET /images/{imageId+}", path={"imageId": image_id.replace("%", "%25")}, caller=caller)
