"""The routes of the API: what each does with a request and its caller."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import UNSET

from handlers.api import openapi, problems
from handlers.api.batch_status import Batches
from handlers.api.listing import Listing
from handlers.api.page import Page
from handlers.api.presigned_posts import Announced
from handlers.api.principals import Principal, identify
from handlers.api.requests import (
    BATCH_ID,
    MAX_BODY_BYTES,
    MAX_NAME_CHARACTERS,
    CreateUploads,
    Request,
    decode,
    listing,
)
from handlers.api.responses import CreatedImage, Image, ImageList, image, location
from handlers.api.uploads import Uploads, accepted_type
from handlers.contract import keys, routes
from handlers.contract.rows import Row, superseded_keys, variant_keys
from handlers.contract.settings import ApiSettings
from handlers.storage.buckets import Storage
from handlers.storage.catalog import Catalog, RowChanged
from handlers.storage.signed_urls import SignedUrls

_DELETE_TRIES: Final = 5
_SOON: Final = {"Retry-After": "1"}
_PRIVATE: Final = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a route answers; `body` is sent as JSON, as it is if it is text, not at all if None."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoints:
    """The routes. Every method takes a request and its caller, and returns a response or raises Problem."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        uploads: Uploads,
        storage: Storage,
        signed_urls: SignedUrls,
        catalog: Catalog,
        listing: Listing,
        batches: Batches,
        page: Page,
    ) -> None:
        self._settings = settings
        self._uploads = uploads
        self._storage = storage
        self._signed_urls = signed_urls
        self._catalog = catalog
        self._listing = listing
        self._batches = batches
        self._page = page
        self._routes = {
            routes.CREATE_UPLOADS: self.create_uploads,
            routes.CREATE_IMAGE: self.create_image,
            routes.GET_IMAGE: self.get_image,
            routes.LIST_IMAGES: self.list_images,
            routes.DELETE_IMAGE: self.delete_image,
            routes.GET_BATCH: self.get_batch,
            routes.GET_OPENAPI: self.get_openapi,
        }

    def answer(self, request: Request) -> Response:
        """Serve a request by its route. Raises Problem."""
        if request.route == routes.GET_PAGE:
            return self.get_page()
        route = self._routes.get(request.route)
        if route is None:
            raise problems.unknown_route(request.route)
        settings = self._settings
        return route(
            request, identify(request.authorizer, auth=settings.api_auth, admins=settings.admin_principals)
        )

    def create_uploads(self, request: Request, caller: Principal) -> Response:
        """Announce up to 100 files: for each a presigned POST policy, or a problem of its own."""
        return Response(body=self._uploads.create(decode(request.body, CreateUploads), caller.name))

    def create_image(self, request: Request, caller: Principal) -> Response:
        """Take an image as the request body. It goes the way of every upload: S3, queue, worker."""
        limit = min(MAX_BODY_BYTES, self._settings.max_upload_bytes)
        if len(request.body) > limit:
            raise problems.too_large(
                len(request.body), limit, f"Use {routes.CREATE_UPLOADS} for large files."
            )
        if not request.body:
            raise problems.malformed("The body is empty; it has to be the image.")
        file = Announced(
            name=request.query.get("name", "")[:MAX_NAME_CHARACTERS],
            content_type=accepted_type(request.content_type),
            size=len(request.body),
        )
        image_id = self._uploads.announce(file, caller.name)
        self._storage.put_original(keys.original_key(image_id), request.body, file.content_type)
        body = CreatedImage(image_id=image_id, status="PENDING", location=location(image_id))
        return Response(status=202, body=body, headers={"Location": body.location, **_SOON})

    def get_image(self, request: Request, caller: Principal) -> Response:
        """The image's row, with a signed URL for each variant once it is `READY`."""
        row = self._visible(request, caller)
        if row is None:
            raise problems.unknown_image()
        pending = _SOON if row["Status"] == "PENDING" else {}
        return Response(body=self._document(row, caller), headers={**_PRIVATE, **pending})

    def list_images(self, request: Request, caller: Principal) -> Response:
        """The caller's images, newest first; those of all for an administrator."""
        wanted = listing(request.query)
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

    def delete_image(self, request: Request, caller: Principal) -> Response:
        """Remove an image, wherever it stands in its life: original, variants, row.

        The original goes first: S3's event about it makes the worker finish what is left when
        this ends early, and the worker, which looks for the original after it wrote a row,
        removes what it was just about to add. Removing what is not there, or is not the caller's,
        answers the same and does nothing.
        """
        row = self._visible(request, caller)
        if row is not None:
            self._storage.remove_original(keys.original_key(row["ImageID"]))
        for _ in range(_DELETE_TRIES):
            if row is None:
                return Response(status=204, body=None)
            self._storage.remove_variants({*variant_keys(row), *superseded_keys(row)})
            try:
                self._catalog.delete(row)
            except RowChanged:
                row = self._visible(request, caller)
            else:
                row = None
        raise problems.busy()

    def get_batch(self, request: Request, caller: Principal) -> Response:
        """How far a batch of the caller is; an administrator's answer adds up those of all."""
        batch_id = request.path.get("batchId", "")
        owner = None if caller.admin else caller.name
        batch = self._batches.get(batch_id, owner) if re.match(BATCH_ID, batch_id) else None
        if batch is None:
            raise problems.unknown_batch()
        return Response(body=batch, headers=_PRIVATE if batch.done else {**_PRIVATE, **_SOON})

    def get_openapi(self, _request: Request, _caller: Principal) -> Response:
        """The description of this API."""
        return Response(body=openapi.document(self._settings))

    def get_page(self) -> Response:
        """The page, for people with a browser."""
        return Response(body=self._page.html, headers=self._page.headers)

    def _visible(self, request: Request, caller: Principal) -> Row | None:
        """The row that a path names, if there is one that the caller may see."""
        image_id = request.path.get("imageId", "")
        row = self._catalog.get(image_id) if keys.image_id_of(keys.original_key(image_id)) else None
        return row if row and caller.may_see(row) else None

    def _document(self, row: Row, caller: Principal) -> Image:
        return image(row, self._signed_urls, with_owner=caller.admin)
