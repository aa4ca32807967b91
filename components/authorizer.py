"""Who may call a route, by configuration."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_TYPES = {"iam": "AWS_IAM", "jwt": "JWT", "none": "NONE"}


@dataclass(frozen=True, kw_only=True)
class RouteAuth:
    """The two inputs of a route that say who may call it."""

    type: str
    authorizer_id: pulumi.Output[str] | None


def route_auth(
    name: str,
    api: aws.apigatewayv2.Api,
    auth: str,
    *,
    issuer: str,
    audience: tuple[str, ...],
    opts: pulumi.ResourceOptions,
) -> RouteAuth:
    """The authorisation of every route for `auth` (`iam`, `jwt` or `none`).

    `jwt` registers an authorizer that reads bearer tokens from the Authorization header.
    """
    if auth != "jwt":
        return RouteAuth(type=_TYPES[auth], authorizer_id=None)
    authorizer = aws.apigatewayv2.Authorizer(
        f"{name}-jwt",
        api_id=api.id,
        authorizer_type="JWT",
        identity_sources=["$request.header.Authorization"],
        jwt_configuration={"issuer": issuer, "audiences": list(audience)},
        opts=opts,
    )
    return RouteAuth(type=_TYPES[auth], authorizer_id=authorizer.id)
