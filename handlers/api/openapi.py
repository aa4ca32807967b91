"""The OpenAPI document of the API, made from its routes: https://spec.openapis.org/oas/v3.1.0."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from handlers.api import problems
from handlers.api.operation import Operation
from handlers.api.problems import Problem
from handlers.api.requests import MAX_BODY_BYTES, MAX_FILES, MAX_JSON_BYTES, FileToUpload
from handlers.api.responses import GatewayMessage, ProblemDocument
from handlers.contract import keys
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
# Responses of API Gateway itself, before the function is called.
_GATEWAY: Final = {
    401: "No valid token.",
    403: "Not allowed.",
    404: "No such route.",
    429: "Too many requests.",
}
_RETRY_AFTER: Final = {
    "description": "Seconds after which the request may be repeated.",
    "schema": {"type": "integer", "minimum": 1},
}
# Problems of every route.
_COMMON: Final = (problems.unidentified_caller(), problems.internal(), problems.busy())


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
        paths[path.replace("+}", "}")][method.lower()] = _described(operation)
    return dict(paths)


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    parameters = [*operation.parameters, *_query(operation.query)]
    if parameters:
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = {"required": True, "content": _body(operation.request)}
    answer: dict[str, Any] = {"description": "Success."}
    if operation.response:
        schema = {"type": "object"} if operation.response is dict else _ref(operation.response)
        answer["content"] = {"application/json": {"schema": schema}}
    described["responses"] = {str(operation.status): answer} | _refusals([*operation.problems, *_COMMON])
    return described


def _body(takes: type[Any] | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(takes, tuple):
        image = {"type": "string", "format": "binary", "minLength": 1, "maxLength": MAX_BODY_BYTES}
        return {content_type: {"schema": image} for content_type in takes}
    return {"application/json": {"schema": _ref(takes)}}


def _query(kind: type[Any] | None) -> Iterable[dict[str, Any]]:
    if kind is None:
        return
    for name, schema in _components(kind)[kind.__name__]["properties"].items():
        yield {"name": name, "in": "query", "schema": schema}


def _refusals(refused: Iterable[Problem]) -> dict[str, Any]:
    """The problems by status, each with an example, and the responses of the gateway."""
    answers: dict[int, dict[str, Any]] = {
        status: {
            "description": description,
            "content": {"application/json": {"schema": _ref(GatewayMessage)}},
        }
        for status, description in _GATEWAY.items()
    }
    for problem in refused:
        answer = answers.setdefault(problem.status, {"description": "", "content": {}})
        content = answer["content"].setdefault(
            problems.CONTENT_TYPE, {"schema": _ref(ProblemDocument), "examples": {}}
        )
        content["examples"][problem.code] = {"value": problem.document()}
        if problem.retry_after:
            answer["headers"] = {"Retry-After": _RETRY_AFTER}
        title = problem.document()["title"]
        answer["description"] = f"{answer['description']} {title}".strip()
    return {str(status): answer for status, answer in sorted(answers.items())}


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    used = [kind for each in operations for kind in (each.request, each.response)]
    structures = {kind for kind in used if isinstance(kind, type) and kind is not dict}
    schemas = _components(*structures, FileToUpload, ProblemDocument, GatewayMessage)
    # Files are parsed one by one, which is why the structure that holds them does not know theirs.
    schemas["CreateUploads"]["properties"]["files"]["items"] = _ref(FileToUpload)
    return schemas


def _components(*kinds: type[Any]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    for schema in schemas.values():
        schema["description"] = " ".join(schema["description"].split())
    return dict(sorted(schemas.items()))


def _ref(kind: type[Any]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{kind.__name__}"}
