"""The routes of the API: the one list that the gateway is configured from and the function serves.

A route key is `METHOD /path` as API Gateway writes it. `{imageId+}` matches slashes too, because
the ImageID of a file that was dropped under `uploads/` may hold them.

A variant has no route in the gateway, where such a variable ends a path: its requests arrive as
`GET_IMAGE`, and the function distinguishes them.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from typing import Final

CREATE_UPLOADS: Final = "POST /uploads"
CREATE_IMAGE: Final = "POST /images"
LIST_IMAGES: Final = "GET /images"
GET_IMAGE: Final = "GET /images/{imageId+}"
GET_VARIANT: Final = "GET /images/{imageId+}/variants/{name}"
DELETE_IMAGE: Final = "DELETE /images/{imageId+}"
GET_BATCH: Final = "GET /batches/{batchId}"
GET_QUOTA: Final = "GET /quota"
GET_OPENAPI: Final = "GET /openapi.json"
GET_PAGE: Final = "GET /"  # public, and there only if the stack enables the page

ROUTES: Final = (
    CREATE_UPLOADS,
    CREATE_IMAGE,
    LIST_IMAGES,
    GET_IMAGE,
    DELETE_IMAGE,
    GET_BATCH,
    GET_QUOTA,
    GET_OPENAPI,
)
"""The routes of the gateway."""

PUBLIC: Final = frozenset({GET_OPENAPI, GET_PAGE})
"""Routes that anyone may call, whatever `apiAuth` is. They hold nothing of any caller."""
