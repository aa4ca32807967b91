"""The API function: announces uploads, takes small images, and reads the catalogue back."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec
from aws_lambda_powertools import Logger

from handlers import clients, keys, problems, routes
from handlers.catalog import Catalog
from handlers.page import Page
from handlers.problems import Problem
from handlers.requests import MAX_NAME_CHARACTERS, CreateUploads, FileToUpload, Request, decode
from handlers.rows import Row
from handlers.settings import ApiSettings, load
from handlers.storage import Storage
from handlers.uploads import CONTENT_TYPES, Announced, Uploads, new_id

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A Lambda request is at most 6 MiB of JSON, in which a body travels as Base64.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES: Final = 4 * 1024 * 1024

# Row attribute -> member of the image document.
_MEMBERS: Final = {
    "ImageID": "imageId",
    "Status": "status",
    "Reason": "reason",
    "FileName": "fileName",
    "ContentType": "contentType",
    "BatchID": "batchId",
    "Format": "format",
    "Width": "width",
    "Height": "height",
    "Bytes": "bytes",
    "Frames": "frames",
    "BitDepth": "bitDepth",
    "HasAlpha": "hasAlpha",
    "DominantColor": "dominantColor",
    "Placeholder": "placeholder",
    "CreatedAt": "createdAt",
    "UploadedAt": "uploadedAt",
    "ProcessedAt": "processedAt",
    "Attempts": "attempts",
}


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a route answers; `body` is sent as JSON, or as it is if it is text."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Api:
    """The routes. Every method takes a request and returns a response or raises Problem."""

    def __init__(
        self, settings: ApiSettings, *, uploads: Uploads, storage: Storage, catalog: Catalog, page: Page
    ) -> None:
        self._settings = settings
        self._uploads = uploads
        self._storage = storage
        self._catalog = catalog
        self._page = page
        self._routes = {
            routes.CREATE_UPLOADS: self.create_uploads,
            routes.CREATE_IMAGE: self.create_image,
            routes.GET_IMAGE: self.get_image,
            routes.GET_PAGE: self.get_page,
        }

    def answer(self, request: Request) -> Response:
        """Serve a request by its route. Raises Problem."""
        route = self._routes.get(request.route)
        if route is None:
            raise problems.unknown_route(request.route)
        return route(request)

    def create_uploads(self, request: Request) -> Response:
        """Announce up to 100 files: for each a presigned POST policy, or a problem of its own."""
        wanted = decode(request.body, CreateUploads)
        batch_id = wanted.batch_id or new_id()
        answers: list[dict[str, Any]] = []
        announced: list[tuple[dict[str, Any], Announced]] = []
        for raw in wanted.files:
            answer: dict[str, Any] = {}
            try:
                announced.append((answer, self._accepted(decode(bytes(raw), FileToUpload))))
            except Problem as problem:
                answer["error"] = problem.document()
            answers.append(answer)
        image_ids = self._uploads.announce([file for _, file in announced], batch_id)
        for image_id, (answer, file) in zip(image_ids, announced, strict=True):
            answer["imageId"] = image_id
            answer["location"] = location(image_id)
            answer["upload"] = self._uploads.policy(image_id, file)
        return Response(body={"batchId": batch_id, "files": answers})

    def create_image(self, request: Request) -> Response:
        """Take an image as the request body. It goes the way of every upload: S3, queue, worker."""
        limit = min(MAX_BODY_BYTES, self._settings.max_upload_bytes)
        if len(request.body) > limit:
            raise problems.too_large(
                len(request.body), limit, f"Use {routes.CREATE_UPLOADS} for large files."
            )
        if not request.body:
            raise problems.malformed("The body is empty; it has to be the image.")
        name = request.query.get("name", "")[:MAX_NAME_CHARACTERS]
        file = Announced(name=name, content_type=_content_type(request.content_type), size=len(request.body))
        [image_id] = self._uploads.announce([file], None)
        self._storage.put_original(keys.original_key(image_id), request.body, file.content_type)
        body = {"imageId": image_id, "status": "PENDING", "location": location(image_id)}
        return Response(status=202, body=body, headers={"Location": location(image_id), "Retry-After": "1"})

    def get_image(self, request: Request) -> Response:
        """The image's row, with a signed URL for each variant once it is `READY`."""
        image_id = request.path.get("imageId", "")
        row = self._catalog.get(image_id) if _may_exist(image_id) else None
        if row is None:
            raise problems.unknown_image()
        headers = {"Cache-Control": "private, no-store"}
        if row["Status"] == "PENDING":
            headers["Retry-After"] = "1"
        return Response(body=self._document(row), headers=headers)

    def get_page(self, _: Request) -> Response:
        """The page, for people with a browser."""
        return Response(body=self._page.html, headers=self._page.headers)

    def _accepted(self, file: FileToUpload) -> Announced:
        limit = self._settings.max_upload_bytes
        if file.bytes > limit:
            raise problems.too_large(file.bytes, limit)
        return Announced(name=file.name, content_type=_content_type(file.content_type), size=file.bytes)

    def _document(self, row: Row) -> dict[str, Any]:
        known: Mapping[str, Any] = row
        document = {member: known[name] for name, member in _MEMBERS.items() if name in known}
        if row["Status"] == "READY":
            document["variants"] = {
                name: {
                    "url": self._storage.signed_url(variant["Key"], seconds=self._settings.url_seconds),
                    "width": variant["Width"],
                    "height": variant["Height"],
                    "bytes": variant["Bytes"],
                    "contentType": variant["ContentType"],
                }
                for name, variant in row["Variants"].items()
            }
        return document


def location(image_id: str) -> str:
    """Where an image is read, relative to the address of the API."""
    return f"/images/{quote(image_id)}"


def _content_type(declared: str) -> str:
    if declared not in CONTENT_TYPES:
        raise problems.unsupported_content_type(declared, list(CONTENT_TYPES))
    return declared


def _may_exist(image_id: str) -> bool:
    return keys.image_id_of(keys.original_key(image_id)) is not None


@functools.cache
def compose() -> tuple[Api, Logger]:
    """What one execution environment works with, built at its first call."""
    settings = load(ApiSettings, os.environ)
    s3 = clients.s3()
    catalog = Catalog(clients.dynamodb(), settings.table_name)
    storage = Storage(
        s3, originals_bucket=settings.originals_bucket, variants_bucket=settings.variants_bucket
    )
    uploads = Uploads(s3, catalog, settings)
    page = Page(s3, originals_bucket=settings.originals_bucket, variants_bucket=settings.variants_bucket)
    return Api(settings, uploads=uploads, storage=storage, catalog=catalog, page=page), Logger()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Lambda's entry point: an HTTP API event in, a response in payload format 2.0 out."""
    api, logger = compose()
    try:
        response = api.answer(Request.of(event))
    except Problem as problem:
        response = _problem(problem)
    except Exception:
        logger.exception("request failed", extra={"request_id": context.aws_request_id})
        response = _problem(problems.internal())
    logger.info(
        "request",
        extra={
            "request_id": context.aws_request_id,
            "route": event.get("routeKey"),
            "status": response.status,
        },
    )
    return {
        "statusCode": response.status,
        "headers": {
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
            **response.headers,
        },
        "body": _text(response.body),
    }


def _text(body: Any) -> str:
    return body if isinstance(body, str) else msgspec.json.encode(body).decode()


def _problem(problem: Problem) -> Response:
    return Response(
        status=problem.status,
        body=problem.document(),
        headers={"Content-Type": problems.CONTENT_TYPE},
    )
