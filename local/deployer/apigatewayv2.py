"""HTTP APIs: the API, its stages, routes, integrations and authorizers."""

from local.deployer.naming import api_shape, physical_name
from local.deployer.registry import Created, Registration, Target, creates


@creates("aws:apigatewayv2/api:Api")
def api(target: Target, resource: Registration) -> Created:
    """An HTTP API. Its endpoint is a path of the emulator: no host name has to resolve."""
    name = physical_name(resource, limit=128)
    members = resource.members("description", "disableExecuteApiEndpoint", "version", "tags")
    members |= api_shape(resource.members("corsConfiguration"))
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
def stage(target: Target, resource: Registration) -> Created:
    """A stage; as in AWS, the URL of the stage `$default` does not name it."""
    name = physical_name(resource, limit=128)
    api_id = resource["apiId"]
    members = resource.members("autoDeploy", "description", "stageVariables", "tags")
    members |= api_shape(resource.members("accessLogSettings", "defaultRouteSettings"))
    settings = {
        each.pop("routeKey"): api_shape(each) for each in map(dict, resource.get("routeSettings", []))
    }
    target.client("apigatewayv2").create_stage(
        ApiId=api_id, StageName=name, RouteSettings=settings, **members
    )
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
def integration(target: Target, resource: Registration) -> Created:
    """What answers a route."""
    members = resource.members(
        "connectionType",
        "integrationMethod",
        "integrationUri",
        "payloadFormatVersion",
        "requestParameters",
        timeoutMilliseconds="TimeoutInMillis",
    )
    created = target.client("apigatewayv2").create_integration(
        ApiId=resource["apiId"], IntegrationType=resource["integrationType"], **members
    )
    return Created(created["IntegrationId"])


@creates("aws:apigatewayv2/route:Route")
def route(target: Target, resource: Registration) -> Created:
    """A method and a path, who may call it, and its integration."""
    members = resource.members(
        "authorizationScopes", "authorizationType", "authorizerId", "operationName", "target"
    )
    created = target.client("apigatewayv2").create_route(
        ApiId=resource["apiId"], RouteKey=resource["routeKey"], **members
    )
    return Created(created["RouteId"])


@creates("aws:apigatewayv2/authorizer:Authorizer")
def authorizer(target: Target, resource: Registration) -> Created:
    """Who says which tokens are good."""
    name = physical_name(resource, limit=128)
    members = resource.members("authorizerPayloadFormatVersion", "authorizerUri", "enableSimpleResponses")
    members |= api_shape(resource.members("jwtConfiguration"), {"audiences": "Audience"})
    created = target.client("apigatewayv2").create_authorizer(
        ApiId=resource["apiId"],
        Name=name,
        AuthorizerType=resource["authorizerType"],
        IdentitySource=resource.get("identitySources", []),
        **members,
    )
    return Created(created["AuthorizerId"], {"name": name})


@creates("aws:apigatewayv2/domainName:DomainName")
def domain_name(target: Target, resource: Registration) -> Created:
    """A domain, to which no name resolves here; its id is itself."""
    configuration = resource["domainNameConfiguration"]
    created = target.client("apigatewayv2").create_domain_name(
        DomainName=resource["domainName"],
        DomainNameConfigurations=[api_shape(configuration)],
        **resource.members(tags="Tags"),
    )["DomainNameConfigurations"][0]
    names = {"targetDomainName": created["ApiGatewayDomainName"], "hostedZoneId": created["HostedZoneId"]}
    return Created(resource["domainName"], {"domainNameConfiguration": {**configuration, **names}})


@creates("aws:apigatewayv2/apiMapping:ApiMapping")
def api_mapping(target: Target, resource: Registration) -> Created:
    """Which API a domain leads to."""
    created = target.client("apigatewayv2").create_api_mapping(
        ApiId=resource["apiId"], DomainName=resource["domainName"], Stage=resource["stage"]
    )
    return Created(created["ApiMappingId"])
