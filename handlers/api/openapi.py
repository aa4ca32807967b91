"""The OpenAPI document of the API, made from its routes: https://spec.openapis.org/oas/v3.1.0."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from handlers.api import problems
from handlers.api.operation import Operation
from handlers.api.problems import Problem
from handlers.api.requests import (
    MAX_BODY_BYTES,
    MAX_FILES,
    MAX_JSON_BYTES,
    UNDECLARED,
    FileToUpload,
    NoQuery,
)
from handlers.api.responses import FileAnswer, Image, ProblemDocument
from handlers.contract import keys, routes
from handlers.contract.settings import ApiSettings

_SCHEMAS: Final = "#/components/schemas/"
_SECURITY: Final[dict[str, dict[str, Any]]] = {
    "iam": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "AWS Signature Version 4 for the service `execute-api`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}
# Responses of API Gateway itself, before the function is called: those of every route, and those of routes
# that are not public.
_GATEWAY: Final = {404: "No such route.", 429: "Too many requests."}
_AUTHORIZER: Final = {401: "No valid token.", 403: "Not allowed."}
_RETRY_AFTER: Final = {
    "description": "Seconds after which the request may be repeated.",
    "schema": {"type": "integer", "minimum": 1},
}
_UNKNOWN_PARAMETER: Final = problems.malformed("The route takes none; it has no query parameter 'page'.")
# Problems of every route.
_COMMON: Final = (_UNKNOWN_PARAMETER, problems.internal(), problems.busy())
# Unions have a name in the document; clients distinguish their members by one property.
_UNIONS: Final = {
    "FileAnswer": (FileAnswer, "The answer to one announced file: `outcome` says which it is."),
    "Image": (Image, "An image: `status` says which it is."),
}


def document(settings: ApiSettings, operations: Mapping[str, Operation]) -> dict[str, Any]:
    """The OpenAPI document of a stack with these settings; `operations` by route."""
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Image intake", "version": "1", "description": _limits(settings)},
        "servers": [{"url": ".", "description": "The address of this document."}],
        "paths": _paths(operations),
        "components": {"schemas": _schemas(operations.values())},
    }
    if settings.api_auth in _SECURITY:
        described["components"]["securitySchemes"] = {settings.api_auth: _SECURITY[settings.api_auth]}
        described["security"] = [{settings.api_auth: []}]
    return described


def _limits(settings: ApiSettings) -> str:
    limits = (
        f"{MAX_FILES} files a call",
        f"{settings.max_upload_bytes} bytes an image",
        f"{settings.uploads_per_hour} images announced by a caller in an hour",
        f"{settings.upload_bytes_per_hour} bytes announced by a caller in an hour",
        f"{settings.express_per_hour} images of a caller in an hour in the express lane",
        f"{MAX_JSON_BYTES} bytes of JSON",
        f"{keys.MAX_IMAGE_ID_BYTES} bytes an ImageID",
        f"policies and URLs for {settings.url_seconds} seconds",
    )
    return f"Limits: {'; '.join(limits)}."


def _paths(operations: Mapping[str, Operation]) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route, operation in operations.items():
        method, _, path = route.partition(" ")
        paths[path.replace("+}", "}")][method.lower()] = _described(route, operation)
    return dict(paths)


def _described(route: str, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    public = route in routes.PUBLIC
    if public:
        described["security"] = []
    parameters = [*operation.parameters, *_query(operation.query)]
    if parameters:
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = {"required": True, "content": _body(operation.request)}
    answer: dict[str, Any] = {"description": "Success."}
    if operation.response:
        schema = {"type": "object"} if operation.response is dict else _ref(operation.response)
        answer["content"] = {"application/json": {"schema": schema}}
    refused = [*_COMMON, *operation.problems, *(() if public else (problems.unidentified_caller(),))]
    gateway = _GATEWAY if public else _GATEWAY | _AUTHORIZER
    described["responses"] = {str(operation.status): answer} | _refusals(refused, gateway)
    return described


def _body(takes: type[Any] | tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(takes, tuple):
        return {"application/json": {"schema": _ref(takes)}}
    # Generated clients without a type for images know the undeclared type as a file.
    size = {"minLength": 1, "maxLength": MAX_BODY_BYTES}
    return {
        content_type: {
            "schema": {"type": "string", "format": "binary", **size}
            if content_type == UNDECLARED
            else {"contentMediaType": content_type, **size}
        }
        for content_type in takes
    }


def _query(kind: type[Any]) -> Iterable[dict[str, Any]]:
    if kind is NoQuery:
        return
    for name, schema in _components(kind)[kind.__name__]["properties"].items():
        yield {"name": name, "in": "query", "schema": schema}


def _refusals(refused: Iterable[Problem], gateway: Mapping[int, str]) -> dict[str, Any]:
    """The problems by status, each with an example, and the responses of the gateway.

    Generated clients read the first content type of a status. All have one schema, since a client cannot
    know beforehand which of the two answers.
    """
    answers: dict[int, dict[str, Any]] = defaultdict(lambda: {"description": "", "content": {}})
    for problem in refused:
        answer = answers[problem.status]
        content = answer["content"].setdefault(
            problems.CONTENT_TYPE, {"schema": _ref(ProblemDocument), "examples": {}}
        )
        content["examples"][problem.code] = {"value": problem.document()}
        if problem.retry_after:
            answer["headers"] = {"Retry-After": _RETRY_AFTER}
        title = problem.document()["title"]
        if title not in answer["description"]:
            answer["description"] = f"{answer['description']} {title}".strip()
    for status, description in gateway.items():
        answer = answers[status]
        answer["content"]["application/json"] = {
            "schema": _ref(ProblemDocument),
            "examples": {"gateway": {"value": {"message": description}}},
        }
        answer["description"] = f"{answer['description']} {description}".strip()
    return {str(status): answer for status, answer in sorted(answers.items())}


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    used = [kind for each in operations for kind in (each.request, each.response)]
    structures = [kind for kind in used if kind not in (None, dict) and not isinstance(kind, tuple)]
    schemas = _components(*structures, FileToUpload, ProblemDocument)
    # Files are parsed one by one, which is why the structure that holds them does not know theirs.
    schemas["CreateUploads"]["properties"]["files"]["items"] = _ref(FileToUpload)
    for name, (union, description) in _UNIONS.items():
        [inline], _ = msgspec.json.schema_components([union], ref_template=_SCHEMAS + "{name}")
        schemas = _replaced(schemas, inline, _ref(union))
        schemas[name] = {
            "title": name,
            "description": description,
            "oneOf": inline["anyOf"],
            "discriminator": inline["discriminator"],
        }
    return dict(sorted(schemas.items()))


def _components(*kinds: Any) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    for schema in schemas.values():
        schema["description"] = " ".join(schema["description"].split())
    return schemas


def _replaced(value: Any, old: Any, new: Any) -> Any:
    """JSON with every value that equals `old` replaced by `new`."""
    if value == old:
        return new
    if isinstance(value, dict):
        return {key: _replaced(member, old, new) for key, member in value.items()}
    return [_replaced(member, old, new) for member in value] if isinstance(value, list) else value


def _ref(kind: Any) -> dict[str, str]:
    name = next((name for name, (union, _) in _UNIONS.items() if union == kind), None)
    return {"$ref": f"{_SCHEMAS}{name or kind.__name__}"}
