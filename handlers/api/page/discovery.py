"""The provider that the page signs people in with, as its issuer describes it.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Provider = Mapping[str, Any]
"""The metadata of a provider that the page uses."""

_ENDPOINTS: Final = (
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "end_session_endpoint",
)
_REQUIRED: Final = frozenset(_ENDPOINTS[:2])
_FETCHED: Final = ("token_endpoint", "revocation_endpoint")
_FACTS: Final = (
    "authorization_response_iss_parameter_supported",
    "id_token_signing_alg_values_supported",
    "scopes_supported",
)
# Nothing that could end a source in a Content-Security-Policy.
_URL = re.compile(r"(?P<origin>(?P<scheme>https?)://[A-Za-z0-9.-]+(:[0-9]{1,5})?)(/[!-~]*)?")
_MAX_BYTES: Final = 64 * 1024
_ANSWER_SECONDS: Final = 3
_FRESH_SECONDS: Final = 3600
_RETRY_SECONDS: Final = 10


class DiscoveryError(Exception):
    """The issuer does not describe itself as OpenID Connect Discovery requires; the message says how."""


class Discovery:
    """Discovers the provider of an issuer, and remembers it for an hour.

    After a failure it answers with what it knew before, and tries again after ten seconds, so that an
    issuer that is away does not hold every visitor up.
    """

    def __init__(
        self,
        issuer: str,
        *,
        logger: "Logger",
        fetch: Callable[[str], bytes] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._logger = logger
        self._fetch = fetch or _get
        self._now = now
        self._known: Provider | None = None
        self._stale_at = 0.0

    def provider(self) -> Provider | None:
        """The provider, or None if it could not be discovered yet."""
        if self._now() >= self._stale_at:
            try:
                self._known = parse(self._fetch(configuration_url(self._issuer)), self._issuer)
                self._stale_at = self._now() + _FRESH_SECONDS
            except (DiscoveryError, HTTPException, OSError) as error:
                self._logger.warning("issuer not discovered", extra={"error": repr(error)})
                self._stale_at = self._now() + _RETRY_SECONDS
        return self._known


def configuration_url(issuer: str) -> str:
    """Where an issuer describes itself."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def parse(document: bytes, issuer: str) -> Provider:
    """The provider that a document of `issuer` describes. Raises DiscoveryError."""
    try:
        described = json.loads(document)
    except ValueError as error:
        raise DiscoveryError("not JSON") from error
    if not isinstance(described, dict) or described.get("issuer") != issuer:
        raise DiscoveryError("not the document of this issuer")
    endpoints = {name: described[name] for name in _ENDPOINTS if name in described}
    if missing := sorted(_REQUIRED - set(endpoints)):
        raise DiscoveryError(f"no {missing[0]}")
    for name, url in endpoints.items():
        found = _URL.fullmatch(url) if isinstance(url, str) else None
        # Plain HTTP is for an issuer on this machine, which the configuration allows.
        if not found or (found["scheme"] == "http" and not issuer.startswith("http://")):
            raise DiscoveryError(f"{name} is not an https:// URL")
    facts = {name: described[name] for name in _FACTS if name in described}
    return {"issuer": issuer, **endpoints, **facts}


def fetched_origins(provider: Provider) -> tuple[str, ...]:
    """The origins that the page itself sends requests to, instead of opening them in a window."""
    urls = [_URL.fullmatch(provider[name]) for name in _FETCHED if name in provider]
    return tuple(sorted({found["origin"] for found in urls if found}))


def _get(url: str) -> bytes:
    place = urlsplit(url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.netloc, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", place.path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:  # a redirect, too: an issuer answers for itself
            raise DiscoveryError(f"status {answer.status}")
        document = answer.read(_MAX_BYTES + 1)
    finally:
        connection.close()
    if len(document) > _MAX_BYTES:
        raise DiscoveryError(f"more than {_MAX_BYTES} bytes")
    return document
