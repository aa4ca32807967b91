import json

import pytest

from handlers.contract.routes import GET_OPENAPI, PUBLIC, ROUTES

FIRST_ROUTES = {"GET /images/{imageId+}", "POST /images", "POST /uploads"}


def test_the_routes_lead_to_the_api_function(stack):
    routes = stack.all(":Route")
    integration = stack.one(":Integration")
    assert sorted(route.inputs["routeKey"] for route in routes) == sorted(ROUTES)
    assert set(ROUTES) >= FIRST_ROUTES
    assert {route.inputs["target"] for route in routes} == {f"integrations/{integration.id}"}
    assert (
        integration.inputs["integrationUri"]
        == (stack.one("/function:Function", "intake-api").outputs["invokeArn"])
    )
    assert integration.inputs["payloadFormatVersion"] == "2.0"


def test_the_gateway_waits_a_second_longer_than_the_function_takes(registered):
    stack = registered(apiTimeoutSeconds="29")
    assert stack.one("/function:Function", "intake-api").inputs["timeout"] == 29
    assert stack.one(":Integration").inputs["timeoutMilliseconds"] == 30_000


def test_no_concurrency_is_reserved_unless_the_stack_says_so(stack, prod):
    for each in (stack, prod):
        for function in each.all("/function:Function"):
            assert "reservedConcurrentExecutions" not in function.inputs


def test_concurrency_is_reserved_for_the_api_function_alone(registered):
    stack = registered(apiReservedConcurrency="50")
    reserved = {
        function.name: function.inputs.get("reservedConcurrentExecutions")
        for function in stack.all("/function:Function")
    }
    assert reserved == {"intake-api": 50, "intake-resize": None, "intake-publish": None}


def guarded(stack):
    return [route for route in stack.all(":Route") if route.inputs["routeKey"] not in PUBLIC]


def test_nobody_has_to_sign_for_the_description_and_it_has_a_rate_of_its_own(stack, prod):
    for each in (stack, prod):
        [description] = [r for r in each.all(":Route") if r.inputs["routeKey"] == GET_OPENAPI]
        assert description.inputs["authorizationType"] == "NONE"
        [settings] = each.one(":Stage").inputs["routeSettings"]
        assert settings["routeKey"] == GET_OPENAPI
        assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (10, 20)


def test_callers_sign_their_requests_unless_the_stack_says_otherwise(stack):
    for route in guarded(stack):
        assert route.inputs["authorizationType"] == "AWS_IAM"
        assert "authorizerId" not in route.inputs
    assert stack.all(":Authorizer") == []


def test_with_jwt_every_route_asks_for_a_token_of_the_issuer(registered):
    stack = registered(apiAuth="jwt", jwtIssuer="https://login.example.com", jwtAudience='["images","batch"]')
    authorizer = stack.one(":Authorizer")
    assert authorizer.inputs["authorizerType"] == "JWT"
    assert authorizer.inputs["identitySources"] == ["$request.header.Authorization"]
    assert authorizer.inputs["jwtConfiguration"] == {
        "issuer": "https://login.example.com",
        "audiences": ["images", "batch"],
    }
    for route in guarded(stack):
        assert route.inputs["authorizationType"] == "JWT"
        assert route.inputs["authorizerId"] == authorizer.id


def test_an_open_api_has_to_be_asked_for(registered):
    stack = registered(apiAuth="none")
    assert {route.inputs["authorizationType"] for route in stack.all(":Route")} == {"NONE"}


def test_the_page_is_a_route_that_has_to_be_asked_for_and_that_everyone_may_open(registered):
    stack = registered(
        page="true", apiAuth="jwt", jwtIssuer="https://login.example.com", jwtAudience='["images"]'
    )
    types = {route.inputs["routeKey"]: route.inputs["authorizationType"] for route in stack.all(":Route")}
    assert types.pop("GET /") == "NONE"
    assert types.pop(GET_OPENAPI) == "NONE"
    assert types == dict.fromkeys(set(ROUTES) - PUBLIC, "JWT")


def test_the_stage_deploys_by_itself_and_throttles(prod):
    stage = prod.one(":Stage").inputs
    assert stage["name"] == "$default"
    assert stage["autoDeploy"] is True
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 500
    assert stage["defaultRouteSettings"]["throttlingBurstLimit"] == 1000


def test_access_is_logged_as_json_to_a_log_group_of_its_own(prod):
    settings = prod.one(":Stage").inputs["accessLogSettings"]
    log_group = prod.one(":LogGroup", "intake-api-access-log")
    assert settings["destinationArn"] == log_group.outputs["arn"]
    assert log_group.inputs["retentionInDays"] == 90
    assert {"requestId", "route", "status"} <= json.loads(settings["format"]).keys()


@pytest.mark.parametrize("secret", ["$context.path", "querystring", "$context.identity.userAgent"])
def test_the_access_log_holds_no_file_name_and_no_signature(stack, secret):
    assert secret not in stack.one(":Stage").inputs["accessLogSettings"]["format"].lower()


def test_pages_of_the_configured_origins_may_call_the_api(prod):
    cors = prod.one(":Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://www.example.com", "https://upload.example.com"]
    assert set(cors["allowMethods"]) == {route.split()[0] for route in ROUTES}
    assert {"authorization", "content-type"} <= set(cors["allowHeaders"])
    assert "allowCredentials" not in cors


def test_pages_of_other_origins_are_told_when_to_come_again(dev):
    assert dev.one(":Api").inputs["corsConfiguration"]["exposeHeaders"] == ["retry-after"]
