"""Calls to the API of a stack by its routes, for tests that look at responses as they are."""

import ssl
from pathlib import Path
from typing import Any

import httpx
from botocore.credentials import Credentials as Key

from imagectl.request_signer import Signed
from local.aws_clients import Credentials

_TIMEOUT_SECONDS = 30


def client(certificate: Path | None = None) -> httpx.Client:
    """A client without proxies, netrc or anything else of the host.

    `certificate` is the one that an HTTPS endpoint shows, where no authority signed it.
    """
    verify = ssl.create_default_context(cafile=certificate) if certificate else True
    return httpx.Client(trust_env=False, verify=verify, timeout=_TIMEOUT_SECONDS)


def signed(caller: Credentials, region: str) -> Signed:
    """Requests signed by a caller."""
    return Signed(Key(caller.access_key_id, caller.secret_access_key, caller.session_token), region)


class Api:
    """The API at `url`, called as `caller` unless a call says otherwise."""

    def __init__(self, url: str, *, region: str, caller: Credentials, http: httpx.Client) -> None:
        self.url = url.rstrip("/")
        self._region = region
        self._caller = caller
        self.http = http

    def call(
        self, method: str, path: str, *, caller: Credentials | None = None, **options: Any
    ) -> httpx.Response:
        """Call a route. `path` is percent-encoded; `options` are those of `httpx.Client.request`.

        The call is signed, unless `auth` is among the options: `auth=None` makes an unsigned one.
        """
        options = {"auth": signed(caller or self._caller, self._region), **options}
        return self.http.request(method, f"{self.url}{path}", **options)
