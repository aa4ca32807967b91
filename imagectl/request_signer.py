"""Who calls: requests signed with AWS credentials, or sent with a bearer token."""

import os
import re
from collections.abc import Generator
from typing import Final

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from imagectl.errors import ServiceUnusable

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-publish.html
_API_HOST: Final = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$")


class Bearer(httpx.Auth):
    """Send a token as RFC 6750 has it."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its token."""
        request.headers["Authorization"] = self._header
        yield request


class Signed(httpx.Auth):
    """Signature version 4 for API Gateway; credentials that expire are refreshed by botocore."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its signature. Raises ServiceUnusable when credentials cannot be refreshed."""
        try:
            key = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise ServiceUnusable(f"The AWS credentials cannot be used: {error}") from error
        signed = AWSRequest(method=request.method, url=str(request.url), data=request.content)
        SigV4Auth(key, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


def aws_signature(url: str, region: str | None) -> Signed:
    """Sign with what the AWS credential chain finds: environment, profile, SSO, role.

    Raises ServiceUnusable when there are no credentials, or no region to sign for.
    """
    try:
        session = Session()
        credentials = session.get_credentials()
        # AWS_REGION is what the other SDKs read; botocore knows AWS_DEFAULT_REGION and the profile.
        region = region or _region_of(url) or os.environ.get("AWS_REGION")
        region = region or session.get_config_variable("region")
    except BotoCoreError as error:
        raise ServiceUnusable(f"The AWS credentials cannot be used: {error}") from error
    if credentials is None:
        raise ServiceUnusable(
            "No AWS credentials were found.",
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`; "
            "send a bearer token with --token; or call an open API with --no-sign.",
        )
    if not region:
        raise ServiceUnusable(f"The AWS region of {url} is unknown.", "Pass --region, or set AWS_REGION.")
    return Signed(credentials, region)


def _region_of(url: str) -> str | None:
    found = _API_HOST.search(httpx.URL(url).host)
    return found[1] if found else None
