"""What each route takes, answers and refuses: the part of the API's description that is written by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from handlers.api import problems
from handlers.api.problems import Problem
from handlers.api.requests import (
    BATCH_ID,
    MAX_BODY_BYTES,
    MAX_FILES,
    MAX_JSON_BYTES,
    MAX_NAME_CHARACTERS,
    CreateUploads,
    ListImages,
)
from handlers.api.responses import Batch, CreatedImage, CreatedUploads, Image, ImageList
from handlers.api.uploads import CONTENT_TYPES
from handlers.contract import keys, routes

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One route. `takes` is the structure of its JSON body, or else the content types it takes;
    `answers` the structure of its answer (None: no body); `refuses` an example of each problem.
    """

    id: str
    summary: str
    status: int = 200
    answers: type[msgspec.Struct] | type[dict[str, Any]] | None
    takes: type[msgspec.Struct] | tuple[str, ...] = ()
    query: type[msgspec.Struct] | None = None
    parameters: tuple[Json, ...] = ()
    refuses: tuple[Problem, ...] = ()


_IMAGE_ID: Final = {
    "name": "imageId",
    "in": "path",
    "required": True,
    "description": "Any Unicode; slashes may stand as they are.",
    "schema": {"type": "string", "minLength": 1, "maxLength": keys.MAX_IMAGE_ID_BYTES},
}
_BATCH_ID: Final = {
    "name": "batchId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": BATCH_ID},
}
_NAME: Final = {
    "name": "name",
    "in": "query",
    "description": f"The file's name, cut off after {MAX_NAME_CHARACTERS} characters.",
    "schema": {"type": "string"},
}
_MALFORMED: Final = problems.malformed("Expected `int` >= 1 - at `$.bytes`")
_QUOTA: Final = problems.quota_exceeded(100_000, resets_at="2026-01-02T04:00:00.000Z", retry_after=1_234)

OPERATIONS: Final[Mapping[str, Operation]] = {
    routes.CREATE_UPLOADS: Operation(
        id="createUploads",
        summary=f"Announce up to {MAX_FILES} files, or have those signed anew that are still PENDING. "
        "Each is answered for itself, with a presigned POST policy or with a problem: too-large, "
        "unsupported-content-type, malformed-request, unknown-image, not-pending or quota-exceeded. "
        "Where the quota leaves no policy for any of them, quota-exceeded is the answer to the request.",
        takes=CreateUploads,
        answers=CreatedUploads,
        refuses=(_MALFORMED, problems.too_large(3_000_000, MAX_JSON_BYTES), _QUOTA),
    ),
    routes.CREATE_IMAGE: Operation(
        id="createImage",
        summary=f"Send an image of at most {MAX_BODY_BYTES} bytes as the body of the request.",
        status=202,
        takes=CONTENT_TYPES,
        parameters=(_NAME,),
        answers=CreatedImage,
        refuses=(
            _MALFORMED,
            problems.too_large(5_000_000, MAX_BODY_BYTES),
            problems.unsupported_content_type("text/plain", list(CONTENT_TYPES)),
            _QUOTA,
        ),
    ),
    routes.LIST_IMAGES: Operation(
        id="listImages",
        summary="The caller's images, newest first; those of all for administrators.",
        query=ListImages,
        answers=ImageList,
        refuses=(_MALFORMED,),
    ),
    routes.GET_IMAGE: Operation(
        id="getImage",
        summary="An image, with a signed URL of each variant once it is READY.",
        parameters=(_IMAGE_ID,),
        answers=Image,
        refuses=(problems.unknown_image(),),
    ),
    routes.DELETE_IMAGE: Operation(
        id="deleteImage",
        summary="Remove an image: original, variants and metadata. One that is not there is no error.",
        status=204,
        parameters=(_IMAGE_ID,),
        answers=None,
    ),
    routes.GET_BATCH: Operation(
        id="getBatch",
        summary="How far a batch is. The counts follow within about a second.",
        parameters=(_BATCH_ID,),
        answers=Batch,
        refuses=(problems.unknown_batch(),),
    ),
    routes.GET_OPENAPI: Operation(id="getOpenapi", summary="This document.", answers=dict),
}
