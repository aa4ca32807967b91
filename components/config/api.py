"""The API: its callers, its rates and its function."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components.config.bounds import Between, OneOf
from components.config.domains import certificate_conflicts
from components.config.lanes import LanesConfig
from components.config.limits import LimitsConfig
from components.config.retention import RetentionConfig

_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+")
# The environment of a function ends at 4 KB; its other variables take less than 1 KB.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_ADMINS_BYTES = 3_000
# An issuer on this machine, for `make up`; API Gateway accepts https:// issuers only.
_LOOPBACK_ISSUER = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/[^?#]*)?")
# https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1
_CLIENT_ID = re.compile(r"[\x20-\x7e]{1,256}")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ApiConfig(LimitsConfig, LanesConfig, RetentionConfig):
    """Issuer and audience are those of `jwt`, administrators those of `iam`. The page signs people in as the
    client `sign_in_client_id` of the issuer, and asks for tokens of `sign_in_audience`; empty strings stand
    for none. Domain and certificate (its ARN) go together, or are empty. The rate is in requests per second,
    the burst in requests. With an `api_reserved_concurrency` of 0 the function shares the account's
    unreserved concurrency.
    """

    api_auth: Annotated[str, OneOf("iam", "jwt", "none")]
    jwt_issuer: str
    jwt_audience: tuple[str, ...]
    admin_principals: tuple[str, ...]
    page: bool
    api_domain: str
    api_certificate: str
    sign_in_client_id: str
    sign_in_audience: str
    cors_origins: tuple[str, ...]
    api_rate_limit: Annotated[int, Between(1, 10_000)]
    api_burst_limit: Annotated[int, Between(1, 5_000)]
    uploads_per_hour: Annotated[int, Between(1, 10_000_000)]  # more than one pipeline takes in an hour
    upload_bytes_per_hour: Annotated[int, Between(1, 1024**5)]  # as many, of 100 MiB
    api_memory_mib: Annotated[int, Between(128, 10_240)]
    api_timeout_seconds: Annotated[int, Between(1, 29)]
    api_reserved_concurrency: Annotated[int, Between(0, 10_000)]  # as many as may come in a second
    url_seconds: Annotated[int, Between(60, 900)]
    pending_hours: Annotated[int, Between(1, 720)]

    def conflicts(self) -> Iterator[str]:
        """Callers that could not be distinguished, or settings of another kind of authorisation."""
        yield from self._authorisation()
        yield from self._sign_in()
        yield from self._administrators()
        yield from self._origins()
        yield from certificate_conflicts("api", self.api_domain, self.api_certificate)
        if self.upload_bytes_per_hour < self.max_upload_bytes:
            yield (
                f"uploadBytesPerHour: {self.upload_bytes_per_hour} is less than maxUploadBytes "
                f"({self.max_upload_bytes}), so files of that size could never be uploaded."
            )

    def _authorisation(self) -> Iterator[str]:
        if self.api_auth == "none" and self.protect:
            yield "apiAuth: none is refused when protect is true; use iam or jwt."
        if self.api_auth == "jwt":
            if not (self.jwt_issuer.startswith("https://") or _LOOPBACK_ISSUER.fullmatch(self.jwt_issuer)):
                yield f"jwtIssuer: {self.jwt_issuer!r} is not an https:// URL, which apiAuth jwt needs."
            if not self.jwt_audience:
                yield "jwtAudience: [] is empty; apiAuth jwt needs 1 audience or more."
        elif self.jwt_issuer or self.jwt_audience:
            key = "jwtIssuer" if self.jwt_issuer else "jwtAudience"
            yield f"{key} is set but apiAuth is {self.api_auth}; it is only used with apiAuth jwt."
        if self.page and self.api_auth == "iam":
            yield "page: true is refused when apiAuth is iam, since a browser cannot sign requests; use jwt."

    def _sign_in(self) -> Iterator[str]:
        if not self.sign_in_client_id:
            if self.sign_in_audience:
                yield "signInAudience is set but signInClientId is not; it is only used with signInClientId."
            return
        if not (self.page and self.api_auth == "jwt"):
            yield (
                f"signInClientId is set but page is {str(self.page).lower()} and apiAuth is {self.api_auth}; "
                "it is only used with page: true and apiAuth jwt."
            )
        elif self.sign_in_audience and self.sign_in_audience not in self.jwt_audience:
            yield (
                f"signInAudience: {self.sign_in_audience!r} is not one of jwtAudience "
                f"({', '.join(self.jwt_audience)}), so every token of the page would be refused."
            )
        if not _CLIENT_ID.fullmatch(self.sign_in_client_id):
            yield (
                f"signInClientId: {self.sign_in_client_id!r} is not 1 to 256 printable ASCII characters, "
                "which a client id consists of."
            )

    def _administrators(self) -> Iterator[str]:
        if self.admin_principals and self.api_auth != "iam":
            yield (
                f"adminPrincipals is set but apiAuth is {self.api_auth}; it is only used with apiAuth iam "
                "(with jwt, the scope admin makes an administrator)."
            )
        size = len(json.dumps(self.admin_principals))
        if size > _MAX_ADMINS_BYTES:
            yield (
                f"adminPrincipals: {len(self.admin_principals)} ARNs take {size} bytes, more than the "
                f"{_MAX_ADMINS_BYTES} that fit into the function's environment; let people share a role."
            )
        for arn in self.admin_principals:
            if not _PRINCIPAL.fullmatch(arn):
                yield f"adminPrincipals: {arn!r} is not the ARN of a role or user."

    def _origins(self) -> Iterator[str]:
        if "*" in self.cors_origins and self.protect:
            yield "corsOrigins: '*' is refused when protect is true; name the origins."
        if "*" in self.cors_origins and len(self.cors_origins) > 1:
            yield "corsOrigins: '*' allows every origin; do not list others beside it."
        for origin in self.cors_origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                yield f"corsOrigins: {origin!r} is not an origin such as https://www.example.com."
