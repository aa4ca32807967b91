"""The API against its own description: requests made from it, good and bad, until one surprises."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from handlers.contract import routes
from local.system import deployed

# What the gateway answers to methods that no route has is not ours, and an open stack has no one
# to ignore.
NOT_OURS = ["unsupported_method", "allow_header_conformance", "ignored_auth"]
EXCUSED = {
    # A bad file fails alone, in an answer of 200.
    routes.CREATE_UPLOADS: ["negative_data_rejection"],
    # Whether the bytes are an image is found out later, by the worker; those of no declared type have to
    # start like one.
    routes.CREATE_IMAGE: ["negative_data_rejection", "positive_data_acceptance"],
    # A cursor is opaque: a string that looks like one is refused.
    routes.LIST_IMAGES: ["positive_data_acceptance"],
    # Removing what cannot even exist is as good as removing what does not.
    routes.DELETE_IMAGE: ["negative_data_rejection"],
}
# These take nothing that could be wrong.
MODES = [
    (route, mode)
    for route in (*routes.ROUTES, routes.GET_VARIANT)
    for mode in GenerationMode
    if mode != GenerationMode.NEGATIVE or route not in {routes.GET_OPENAPI, routes.GET_QUOTA}
]


@pytest.fixture(scope="module")
def open_stack():
    """A stack that asks nobody who they are, so that every request reaches the function."""
    with deployed(config={"apiAuth": "none", "apiRateLimit": 10_000, "apiBurstLimit": 5_000}) as system:
        yield system


@pytest.fixture(scope="module")
def description(open_stack):
    """The API's description, as a caller gets it."""
    return schemathesis.openapi.from_dict(open_stack.api.call("GET", "/openapi.json", auth=None).json())


@pytest.mark.parametrize(("route", "mode"), MODES, ids=[f"{route} {mode.value}" for route, mode in MODES])
def test_nothing_a_client_sends_breaks_the_api_or_its_description(open_stack, description, route, mode):
    method, _, path = route.replace("+}", "}").partition(" ")
    operation = description[path][method]
    excluded = CHECKS.get_by_names(NOT_OURS + EXCUSED.get(route, []))

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=40,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def each(case):
        case.call_and_validate(
            base_url=open_stack.outputs["apiUrl"].rstrip("/"),
            excluded_checks=excluded,
        )

    each()
