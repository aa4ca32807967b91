"""Calls to the API of a stack, signed for routes that ask for IAM."""

from pathlib import Path
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Key
from requests.auth import AuthBase

from local.aws_clients import Credentials

_TIMEOUT_SECONDS = 30


def session(certificate: Path | None = None) -> requests.Session:
    """A session without proxies, netrc or anything else of the host.

    `certificate` is the one that an HTTPS endpoint shows, where no authority signed it.
    """
    http = requests.Session()
    http.trust_env = False
    http.verify = str(certificate) if certificate else True
    return http


class Api:
    """The API at `url`, called as `caller` unless a call says otherwise."""

    def __init__(self, url: str, *, region: str, caller: Credentials, http: requests.Session) -> None:
        self._url = url.rstrip("/")
        self._region = region
        self._caller = caller
        self.http = http

    def call(
        self, method: str, path: str, *, caller: Credentials | None = None, **options: Any
    ) -> requests.Response:
        """Call a route. `path` is percent-encoded; `options` are those of `requests.request`.

        The call is signed, unless `auth` is among the options: `auth=None` makes an unsigned one.
        """
        options = {"auth": Signed(caller or self._caller, self._region), **options}
        return self.http.request(method, f"{self._url}{path}", timeout=_TIMEOUT_SECONDS, **options)


class Signed(AuthBase):
    """Signature version 4 over method, URL and body, as one caller of an API Gateway API."""

    def __init__(self, caller: Credentials, region: str) -> None:
        key = Key(caller.access_key_id, caller.secret_access_key, caller.session_token)
        self._signer = SigV4Auth(key, "execute-api", region)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its signature."""
        signed = AWSRequest(method=request.method, url=request.url, data=request.body or b"")
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request
