import inspect

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.api import problems
from handlers.api.problems import Problem
from handlers.api.routes import OPERATIONS, description
from handlers.contract import routes
from handlers.contract.formats import CONTENT_TYPES
from tests.unit.resize_environment import api_settings

AUTHS = pytest.mark.parametrize("auth", ["iam", "jwt", "none"])


def operations(described):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def operation(route):
    return operations(description(api_settings()))[route.replace("+}", "}")]


@AUTHS
def test_the_document_is_valid_openapi(auth):
    OpenAPIV31SpecValidator(description(api_settings(api_auth=auth))).validate()


def test_the_document_is_plain_json():
    described = description(api_settings())
    assert msgspec.json.decode(msgspec.json.encode(described)) == described


def test_every_route_is_described_and_no_other():
    served = {*routes.ROUTES, routes.GET_VARIANT}
    assert set(OPERATIONS) == served
    assert len(operations(description(api_settings()))) == len(served)


def problem_codes():
    """The codes of all problems that the API can answer."""
    arguments = {"detail": "x", "route": "x", "size": 1, "limit": 1, "content_type": "x", "supported": ["x"]}
    arguments |= {"resets_at": "2026-01-02T04:00:00.000Z", "retry_after": 1, "unit": "images"}
    codes = set()
    for _, make in inspect.getmembers(problems, inspect.isfunction):
        wanted = [
            name for name, each in inspect.signature(make).parameters.items() if each.default is each.empty
        ]
        made = make(**{name: arguments[name] for name in wanted})
        assert isinstance(made, Problem)
        codes.add(made.code)
    return codes


def test_every_problem_is_described():
    text = msgspec.json.encode(description(api_settings())).decode()
    # A route that is not there is nothing that a route can answer.
    for code in problem_codes() - {"unknown-route"}:
        assert code in text


def test_a_variant_is_described_as_a_redirect_that_the_gateway_has_no_route_for():
    assert set(operation(routes.GET_VARIANT)["responses"]) >= {"302", "404"}
    names = [parameter["name"] for parameter in operation(routes.GET_VARIANT)["parameters"]]
    assert names == ["imageId", "name"]
    assert routes.GET_VARIANT not in routes.ROUTES


@pytest.mark.parametrize("route", [*routes.ROUTES, routes.GET_VARIANT])
def test_every_route_says_what_it_answers_to_strangers_and_when_it_fails(route):
    answers = operation(route)["responses"]
    strangers = {"401", "403"}
    assert strangers & set(answers) == (set() if route in routes.PUBLIC else strangers)
    assert {"429", "500"} <= set(answers)
    assert "internal-error" in answers["500"]["content"]["application/problem+json"]["examples"]


@pytest.mark.parametrize("route", routes.ROUTES)
def test_every_error_has_one_schema_and_a_problem_document_comes_first(route):
    operation_ = operation(route)
    errors = {status: answer for status, answer in operation_["responses"].items() if status >= "400"}
    for answer in errors.values():
        assert {each["schema"]["$ref"] for each in answer["content"].values()} == {
            "#/components/schemas/ProblemDocument"
        }
        problem_first = sorted(answer["content"], reverse=True)
        assert list(answer["content"]) == problem_first
    assert list(errors["429"]["content"])[-1] == "application/json"


@pytest.mark.parametrize(
    ("union", "by", "members"),
    [
        ("FileAnswer", "outcome", {"accepted": "AcceptedFile", "refused": "RefusedFile"}),
        (
            "Image",
            "status",
            {
                "PENDING": "PendingImage",
                "READY": "ReadyImage",
                "REJECTED": "RejectedImage",
                "FAILED": "FailedImage",
            },
        ),
    ],
)
def test_answers_of_several_kinds_are_told_apart_by_one_property(union, by, members):
    schemas = description(api_settings())["components"]["schemas"]
    references = {value: f"#/components/schemas/{name}" for value, name in members.items()}
    assert schemas[union]["discriminator"] == {"propertyName": by, "mapping": references}
    assert [each["$ref"] for each in schemas[union]["oneOf"]] == list(references.values())
    for value, name in members.items():
        assert schemas[name]["properties"][by] == {"enum": [value]}
        assert by in schemas[name]["required"]
    text = msgspec.json.encode(description(api_settings()))
    # Wherever they are answered they have their name.
    assert text.count(b'"discriminator"') == 2
    assert text.count(f'"#/components/schemas/{union}"'.encode()) >= 1


def test_a_state_of_an_image_has_what_only_that_state_has():
    schemas = description(api_settings())["components"]["schemas"]
    assert "variants" in schemas["ReadyImage"]["required"]
    assert "reason" in schemas["RejectedImage"]["required"]
    assert "reason" in schemas["FailedImage"]["required"]
    assert not {"variants", "reason"} & set(schemas["PendingImage"]["properties"])


@pytest.mark.parametrize("route", [routes.CREATE_UPLOADS, routes.CREATE_IMAGE])
def test_announcing_too_much_is_described_with_when_to_come_again(route):
    answer = operation(route)["responses"]["429"]
    assert set(answer["content"]) == {"application/json", "application/problem+json"}
    assert answer["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    assert "headers" not in operation(routes.GET_IMAGE)["responses"]["429"]


def test_an_image_may_be_sent_as_what_it_may_be_announced_as():
    content = operation(routes.CREATE_IMAGE)["requestBody"]["content"]
    assert list(content) == ["application/octet-stream", *CONTENT_TYPES]


def test_the_query_of_a_list_is_described_with_its_bounds():
    described = {each["name"]: each["schema"] for each in operation(routes.LIST_IMAGES)["parameters"]}
    assert set(described) == {"status", "limit", "cursor"}
    assert (described["limit"]["minimum"], described["limit"]["maximum"]) == (1, 100)
    assert set(described["status"]["enum"]) == {"PENDING", "READY", "REJECTED", "FAILED"}


def test_the_limits_are_stated():
    described = description(api_settings(max_upload_bytes=12_345_678))["info"]["description"]
    for limit in (
        "100 files",
        "12345678 bytes",
        "1000000 images announced",
        "1000000000000000 bytes announced",
        "30 images of a caller in an hour in the express lane",
        "961 bytes an ImageID",
        "900 seconds",
    ):
        assert limit in described


@pytest.mark.parametrize(("auth", "scheme"), [("iam", "apiKey"), ("jwt", "http")])
def test_the_document_says_how_callers_of_this_stack_prove_who_they_are(auth, scheme):
    described = description(api_settings(api_auth=auth))
    assert described["components"]["securitySchemes"][auth]["type"] == scheme
    assert described["security"] == [{auth: []}]
    assert described["paths"]["/openapi.json"]["get"]["security"] == []


def test_an_open_stack_asks_for_nothing():
    described = description(api_settings(api_auth="none"))
    assert "security" not in described
    assert "securitySchemes" not in described["components"]
