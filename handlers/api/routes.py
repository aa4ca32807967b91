"""The routes of the API: the declaration of each, and its response to a request and its caller."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import UNSET

from handlers.api import openapi, problems
from handlers.api.batch_status import BatchStatus
from handlers.api.listing import Listing
from handlers.api.operation import declared_operations, operation
from handlers.api.page import Page
from handlers.api.presigned_posts import Announced
from handlers.api.principals import ANONYMOUS, Principal, identify
from handlers.api.quotas import Quotas
from handlers.api.requests import (
    MAX_BODY_BYTES,
    MAX_JSON_BYTES,
    MAX_NAME_CHARACTERS,
    UNDECLARED,
    CreateImage,
    CreateUploads,
    ListImages,
    NoQuery,
    Request,
    decode,
    decode_query,
)
from handlers.api.responses import (
    Allowance,
    Batch,
    CreatedImage,
    CreatedUploads,
    Image,
    ImageList,
    Quota,
    image,
    location,
)
from handlers.api.uploads import Uploads, accepted_type
from handlers.contract import keys, routes
from handlers.contract.formats import CONTENT_TYPES, sniff
from handlers.contract.original_metadata import encode
from handlers.contract.rows import BATCH_ID, Row
from handlers.contract.settings import ApiSettings
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog, RowChanged
from handlers.storage.deletions import Deletions
from handlers.storage.signed_urls import SignedUrls

_DELETE_TRIES: Final = 5
_SOON: Final = {"Retry-After": "1"}
_PRIVATE: Final = {"Cache-Control": "private, no-store"}
_SHARED: Final = {"Cache-Control": "public, max-age=300"}

_IMAGE_ID: Final = {
    "name": "imageId",
    "in": "path",
    "required": True,
    "description": "Any Unicode; slashes need no encoding.",
    "schema": {"type": "string", "minLength": 1, "maxLength": keys.MAX_IMAGE_ID_BYTES},
}
_VARIANT_NAME: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The name of a preset.",
    "schema": {"type": "string"},
}
_BATCH_ID: Final = {
    "name": "batchId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": BATCH_ID},
}
_MALFORMED: Final = problems.malformed("Expected `int` >= 1 - at `$.bytes`")
_QUOTA: Final = problems.quota_exceeded(
    100_000, unit="images", resets_at="2026-01-02T04:00:00.000Z", retry_after=1_234
)


@dataclass(frozen=True, kw_only=True)
class Response:
    """The response of a route; `body` is sent as JSON, unchanged if it is text, not at all if None."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """One method per route: it takes a request and its caller, and returns a response or raises Problem."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        uploads: Uploads,
        quotas: Quotas,
        storage: Buckets,
        signed_urls: SignedUrls,
        catalog: Catalog,
        listing: Listing,
        batches: BatchStatus,
        page: Page,
    ) -> None:
        self._settings = settings
        self._uploads = uploads
        self._quotas = quotas
        self._storage = storage
        self._signed_urls = signed_urls
        self._catalog = catalog
        self._listing = listing
        self._batches = batches
        self._page = page
        self._deletions = Deletions(storage, catalog, recoverable_days=settings.old_version_days)

    def answer(self, request: Request) -> Response:
        """Serve a request by its route. Raises Problem."""
        if request.route == routes.GET_PAGE:
            return self.get_page()
        if request.route not in OPERATIONS:
            raise problems.unknown_route(request.route)
        method, declared = OPERATIONS[request.route]
        caller = self._caller(request)
        if declared.query is NoQuery:
            decode_query(request.query, NoQuery)
        response: Response = getattr(self, method)(request, caller)
        return response

    def _caller(self, request: Request) -> Principal:
        settings = self._settings
        if request.route in routes.PUBLIC:
            return Principal(name=ANONYMOUS)
        return identify(request.authorizer, auth=settings.api_auth, admins=settings.admin_principals)

    @operation(
        routes.CREATE_UPLOADS,
        request=CreateUploads,
        response=CreatedUploads,
        problems=(_MALFORMED, problems.too_large(3_000_000, MAX_JSON_BYTES), _QUOTA),
    )
    def create_uploads(self, request: Request, caller: Principal) -> Response:
        """Announce up to 100 files, or re-sign the uploads of files that are still PENDING. Each file gets
        its own answer, a presigned POST policy or a problem: too-large, unsupported-content-type,
        malformed-request, unknown-image, not-pending or quota-exceeded. If the quota leaves no policy
        for any of them, the whole request is answered with quota-exceeded.
        """
        return Response(body=self._uploads.create(decode(request.body, CreateUploads), caller.name))

    @operation(
        routes.CREATE_IMAGE,
        status=202,
        request=(UNDECLARED, *CONTENT_TYPES),
        query=CreateImage,
        response=CreatedImage,
        problems=(
            _MALFORMED,
            problems.too_large(5_000_000, MAX_BODY_BYTES),
            problems.unsupported_content_type("text/plain", list(CONTENT_TYPES)),
            _QUOTA,
        ),
    )
    def create_image(self, request: Request, caller: Principal) -> Response:
        """Upload a small image as the body of the request. The content type application/octet-stream leaves
        it to the service to recognize the format.

        It takes the path of every upload: S3, queue, worker.
        """
        wanted = decode_query(request.query, CreateImage)
        limit = min(MAX_BODY_BYTES, self._settings.max_upload_bytes)
        if len(request.body) > limit:
            raise problems.too_large(
                len(request.body), limit, f"Use {routes.CREATE_UPLOADS} for large files."
            )
        if not request.body:
            raise problems.malformed("The body is empty; it has to be the image.")
        file = Announced(
            name=wanted.name[:MAX_NAME_CHARACTERS],
            content_type=_type_of(request),
            size=len(request.body),
        )
        row = self._uploads.announce(file, wanted.lane, caller.name)
        image_id = row["ImageID"]
        self._storage.put_original(
            keys.original_key(image_id), request.body, file.content_type, metadata=encode(row)
        )
        body = CreatedImage(
            image_id=image_id,
            status="PENDING",
            location=location(image_id),
            lane=keys.lane_of(image_id),
        )
        return Response(status=202, body=body, headers={"Location": body.location, **_SOON})

    @operation(
        routes.GET_IMAGE, parameters=(_IMAGE_ID,), response=Image, problems=(problems.unknown_image(),)
    )
    def get_image(self, request: Request, caller: Principal) -> Response:
        """Get an image, with a signed URL of each variant once it is READY."""
        image_id = request.path.get("imageId", "")
        row = self._visible(image_id, caller)
        if row is None:
            return self.get_variant(request, caller)
        pending = _SOON if row["Status"] == "PENDING" else {}
        return Response(body=self._document(row, caller), headers={**_PRIVATE, **pending})

    @operation(
        routes.GET_VARIANT,
        status=302,
        parameters=(_IMAGE_ID, _VARIANT_NAME),
        response=None,
        problems=(problems.unknown_image(), problems.unknown_variant()),
    )
    def get_variant(self, request: Request, caller: Principal) -> Response:
        """Redirect to a signed URL of a variant.

        The path is one at which `GET_IMAGE` found no image: an image whose own id ends like this comes
        first.
        """
        image_id, _, name = request.path.get("imageId", "").rpartition("/variants/")
        row = self._visible(image_id, caller)
        if row is None:
            raise problems.unknown_image()
        variants = row.get("Variants", {}) if row["Status"] == "READY" else {}
        if name not in variants:
            raise problems.unknown_variant()
        location = self._signed_urls(variants[name]["Key"]).url
        return Response(status=302, body=None, headers={"Location": location, **_PRIVATE})

    @operation(routes.LIST_IMAGES, query=ListImages, response=ImageList, problems=(_MALFORMED,))
    def list_images(self, request: Request, caller: Principal) -> Response:
        """List the caller's images, newest first; administrators list everybody's."""
        wanted = decode_query(request.query, ListImages)
        page = self._listing.page(
            owner=None if caller.admin else caller.name,
            status=wanted.status or None,
            limit=wanted.limit,
            cursor=wanted.cursor or "",
        )
        rows = self._catalog.get_many(page.image_ids)
        # The index follows the table with a delay: the rows have the last word.
        images = [
            self._document(row, caller)
            for image_id in page.image_ids
            if (row := rows.get(image_id)) and caller.may_see(row)
            if not wanted.status or row["Status"] == wanted.status
        ]
        return Response(body=ImageList(images=images, cursor=page.cursor or UNSET), headers=_PRIVATE)

    @operation(routes.DELETE_IMAGE, status=204, parameters=(_IMAGE_ID,), response=None)
    def delete_image(self, request: Request, caller: Principal) -> Response:
        """Delete an image: original, variants and metadata. Deleting an unknown image is not an error.

        The original goes first: if this ends early, S3's event about it makes the worker finish the
        deletion. If the image is uploaded or rendered meanwhile, all of it starts again. An image that is
        unknown or somebody else's gets the same answer, and nothing is done.
        """
        image_id = request.path.get("imageId", "")
        for _ in range(_DELETE_TRIES):
            row = self._visible(image_id, caller)
            if row is None:
                return Response(status=204, body=None)
            self._storage.remove_original(keys.original_key(row["ImageID"]))
            with suppress(RowChanged):
                self._deletions.delete(row["ImageID"], row)
                return Response(status=204, body=None)
        raise problems.busy()

    @operation(
        routes.GET_BATCH, parameters=(_BATCH_ID,), response=Batch, problems=(problems.unknown_batch(),)
    )
    def get_batch(self, request: Request, caller: Principal) -> Response:
        """Get the progress of a batch. The counts follow within about a second.

        An administrator's answer covers the images of all owners.
        """
        batch_id = request.path.get("batchId", "")
        owner = None if caller.admin else caller.name
        batch = self._batches.get(batch_id, owner) if re.match(BATCH_ID, batch_id) else None
        if batch is None:
            raise problems.unknown_batch()
        return Response(body=batch, headers=_PRIVATE if batch.done else {**_PRIVATE, **_SOON})

    @operation(routes.GET_QUOTA, response=Quota)
    def get_quota(self, _request: Request, caller: Principal) -> Response:
        """Get the caller's quota: what it may announce in an hour, has announced, and when that restarts."""
        usage = self._quotas.usage(caller.name)

        def allowance(limit: int, used: int) -> Allowance:
            return Allowance(limit=limit, used=min(used, limit), resets_at=usage.resets_at)

        body = Quota(
            images=allowance(self._settings.uploads_per_hour, usage.used.images),
            bytes=allowance(self._settings.upload_bytes_per_hour, usage.used.bytes),
            express=allowance(self._settings.express_per_hour, usage.used.express),
        )
        return Response(body=body, headers=_PRIVATE)

    @operation(routes.GET_OPENAPI, response=dict)
    def get_openapi(self, _request: Request, _caller: Principal) -> Response:
        """Get this document."""
        return Response(body=self._description, headers=_SHARED)

    @cached_property
    def _description(self) -> str:
        """The document as text: anyone may ask for it as often as the gateway lets them."""
        return msgspec.json.encode(description(self._settings)).decode()

    def get_page(self) -> Response:
        """The page, for people with a browser."""
        page = self._page.document()
        return Response(body=page.html, headers=page.headers)

    def _visible(self, image_id: str, caller: Principal) -> Row | None:
        """The row of an image, if there is one that the caller may see."""
        row = self._catalog.get(image_id) if keys.image_id_of(keys.original_key(image_id)) else None
        return row if row and caller.may_see(row) else None

    def _document(self, row: Row, caller: Principal) -> Image:
        return image(row, self._signed_urls, with_owner=caller.admin)


def _type_of(request: Request) -> str:
    """The content type of an image in a request: the declared one, or that of its first bytes.

    Raises Problem (415) if it is not accepted.
    """
    if request.content_type != UNDECLARED:
        return accepted_type(request.content_type)
    recognized = sniff(request.body)
    if recognized is None:
        raise problems.unrecognized_bytes(list(CONTENT_TYPES))
    return recognized.content_types[0]


OPERATIONS: Final = declared_operations(Routes)


def description(settings: ApiSettings) -> dict[str, Any]:
    """The OpenAPI document of a stack with these settings."""
    return openapi.document(settings, {route: declared for route, (_, declared) in OPERATIONS.items()})
