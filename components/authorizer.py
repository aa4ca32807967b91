"""Who may call a route, by configuration."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.config.api import ApiConfig

_TYPES = {"iam": "AWS_IAM", "jwt": "JWT", "none": "NONE"}


@dataclass(frozen=True, kw_only=True)
class RouteAuth:
    """The two inputs of a route that say who may call it."""

    type: str
    authorizer_id: pulumi.Output[str] | None


ANYONE: Final = RouteAuth(type="NONE", authorizer_id=None)
"""The authorisation of a public route."""


def route_auth(
    name: str, api: aws.apigatewayv2.Api, config: ApiConfig, opts: pulumi.ResourceOptions
) -> RouteAuth:
    """The authorisation of every route that is not public, for `apiAuth` (`iam`, `jwt` or `none`).

    `jwt` registers an authorizer that reads bearer tokens from the Authorization header.
    """
    if config.api_auth != "jwt":
        return RouteAuth(type=_TYPES[config.api_auth], authorizer_id=None)
    authorizer = aws.apigatewayv2.Authorizer(
        f"{name}-jwt",
        api_id=api.id,
        authorizer_type="JWT",
        identity_sources=["$request.header.Authorization"],
        jwt_configuration={"issuer": config.jwt_issuer, "audiences": list(config.jwt_audience)},
        opts=opts,
    )
    return RouteAuth(type=_TYPES[config.api_auth], authorizer_id=authorizer.id)
