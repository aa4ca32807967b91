"""HTTP APIs: the API, its stages, routes, integrations and authorizers."""

from typing import Any

from local.deployer.naming import api_shape, physical_name
from local.deployer.registry import Created, Resource, Target, creates


@creates("aws:apigatewayv2/api:Api")
def api(target: Target, resource: Resource) -> Created:
    """An HTTP API. Its endpoint is a path of the emulator: no host name has to resolve."""
    name = physical_name(resource, limit=128)
    members = _members(resource, "description", "disableExecuteApiEndpoint", "version", "tags")
    if "corsConfiguration" in resource.inputs:
        members["CorsConfiguration"] = api_shape(resource["corsConfiguration"])
    api_id = target.client("apigatewayv2").create_api(
        Name=name, ProtocolType=resource["protocolType"], **members
    )["ApiId"]
    return Created(
        api_id,
        {
            "name": name,
            "apiEndpoint": f"{target.clients.endpoint}/_aws/execute-api/{api_id}",
            "arn": f"arn:aws:apigateway:{target.region}::/apis/{api_id}",
            "executionArn": target.arn("execute-api", api_id),
        },
    )


@creates("aws:apigatewayv2/stage:Stage")
def stage(target: Target, resource: Resource) -> Created:
    """A stage; as in AWS, the URL of the stage `$default` does not name it."""
    name = physical_name(resource, limit=128)
    api_id = resource["apiId"]
    members = _members(resource, "autoDeploy", "description", "stageVariables", "tags")
    for key in ("accessLogSettings", "defaultRouteSettings"):
        if key in resource.inputs:
            members[key[:1].upper() + key[1:]] = api_shape(resource[key])
    target.client("apigatewayv2").create_stage(ApiId=api_id, StageName=name, **members)
    path = "" if name == "$default" else name
    return Created(
        name,
        {
            "name": name,
            "arn": f"arn:aws:apigateway:{target.region}::/apis/{api_id}/stages/{name}",
            "executionArn": target.arn("execute-api", f"{api_id}/{name}"),
            "invokeUrl": f"{target.clients.endpoint}/_aws/execute-api/{api_id}/{path}",
        },
    )


@creates("aws:apigatewayv2/integration:Integration")
def integration(target: Target, resource: Resource) -> Created:
    """What answers a route."""
    members = _members(
        resource,
        "connectionType",
        "integrationMethod",
        "integrationUri",
        "payloadFormatVersion",
        "requestParameters",
    )
    if "timeoutMilliseconds" in resource.inputs:
        members["TimeoutInMillis"] = resource["timeoutMilliseconds"]
    created = target.client("apigatewayv2").create_integration(
        ApiId=resource["apiId"], IntegrationType=resource["integrationType"], **members
    )
    return Created(created["IntegrationId"])


@creates("aws:apigatewayv2/route:Route")
def route(target: Target, resource: Resource) -> Created:
    """A method and a path, who may call it, and its integration."""
    members = _members(
        resource, "authorizationScopes", "authorizationType", "authorizerId", "operationName", "target"
    )
    created = target.client("apigatewayv2").create_route(
        ApiId=resource["apiId"], RouteKey=resource["routeKey"], **members
    )
    return Created(created["RouteId"])


@creates("aws:apigatewayv2/authorizer:Authorizer")
def authorizer(target: Target, resource: Resource) -> Created:
    """Who says which tokens are good."""
    name = physical_name(resource, limit=128)
    members = _members(resource, "authorizerPayloadFormatVersion", "authorizerUri", "enableSimpleResponses")
    if "jwtConfiguration" in resource.inputs:
        members["JwtConfiguration"] = api_shape(resource["jwtConfiguration"], {"audiences": "Audience"})
    created = target.client("apigatewayv2").create_authorizer(
        ApiId=resource["apiId"],
        Name=name,
        AuthorizerType=resource["authorizerType"],
        IdentitySource=resource.get("identitySources", []),
        **members,
    )
    return Created(created["AuthorizerId"], {"name": name})


def _members(resource: Resource, *keys: str) -> dict[str, Any]:
    return {key[:1].upper() + key[1:]: resource[key] for key in keys if key in resource.inputs}
