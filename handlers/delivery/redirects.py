"""What a permanent URL leads to: the key that the variant has now, or nothing."""

from typing import Any

from handlers.contract.permanent_urls import path_of_key, variant_of
from handlers.storage.catalog import Catalog


class Redirects:
    """Answers with at most one read of the table; caches may keep an answer for `seconds`."""

    def __init__(self, catalog: Catalog, *, seconds: int) -> None:
        self._catalog = catalog
        self._cacheable = {"Cache-Control": f"public, max-age={seconds}"}

    def answer(self, path: str) -> dict[str, Any]:
        """The response, in payload format 2.0, to a request for a percent-encoded path.

        Whatever is not there now is the same 404, whether it never was, is not ready or was deleted.
        """
        key = self._key(path)
        if key is None:
            return {"statusCode": 404, "headers": self._cacheable}
        return {"statusCode": 302, "headers": {"Location": path_of_key(key), **self._cacheable}}

    def _key(self, path: str) -> str | None:
        named = variant_of(path)
        if named is None:
            return None
        image_id, name = named
        row = self._catalog.get_public(image_id)
        variants = row.get("Variants", {}) if row and row.get("Status") == "READY" else {}
        return variants[name]["Key"] if name in variants else None
