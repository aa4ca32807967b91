"""`logLevel` of a deployed stack, with the level that Lambda itself sets for JSON logs."""

import pytest

from local.system import deployed
from tests.e2e.actions import eventually, settled, upload


@pytest.fixture(scope="module")
def quiet():
    with deployed(config={"logLevel": "WARNING"}) as running:
        yield running


def as_lambda_does(system, function):
    """Give a function the variable that Lambda sets from its logging configuration; the emulator does not."""
    client = system.client("lambda")
    configured = client.get_function_configuration(FunctionName=function)
    level = configured["LoggingConfig"]["ApplicationLogLevel"]
    assert level == "INFO", "metrics are dropped above it"
    variables = configured["Environment"]["Variables"] | {"AWS_LAMBDA_LOG_LEVEL": level}
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def test_a_stack_that_logs_warnings_logs_no_requests_and_records_and_keeps_its_metrics(quiet, photograph):
    for output in ("apiFunctionName", "resizeFunctionName"):
        as_lambda_does(quiet, quiet.outputs[output])
    assert settled(quiet, upload(quiet, "a.jpg", photograph))["status"] == "READY"
    resize = quiet.outputs["resizeFunctionName"]
    assert eventually(lambda: any("SettleTime" in line for line in quiet.logs(resize)))
    assert not [line for line in quiet.logs(resize) if '"message":"record"' in line]
    assert not [
        line for line in quiet.logs(quiet.outputs["apiFunctionName"]) if '"message":"request"' in line
    ]
