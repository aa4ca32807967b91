import pytest
from ministack.services import lambda_svc

from local.partial_batch_responses import honour_failures, honouring

OF_STREAM = {"Records": [{"eventSource": "aws:dynamodb"}]}
OF_QUEUE = {"Records": [{"eventSource": "aws:sqs"}]}
FAILURES = {"batchItemFailures": [{"itemIdentifier": "1"}]}


def answering(body, **more):
    return honouring(lambda function, event: {"body": body, **more})


def test_a_failure_that_a_function_reports_of_a_stream_is_an_error_to_the_emulator():
    assert answering(FAILURES)("f", OF_STREAM) == {"body": FAILURES, "error": True}


@pytest.mark.parametrize("body", [{"batchItemFailures": []}, {}, None, "text"])
def test_an_answer_without_failures_is_none(body):
    assert answering(body, log="l")("f", OF_STREAM) == {"body": body, "log": "l"}


@pytest.mark.parametrize("event", [OF_QUEUE, {"Records": []}, {"Records": None}, {}, None, []])
def test_only_what_comes_of_a_stream_is_concerned(event):
    assert answering(FAILURES)("f", event) == {"body": FAILURES}


def test_the_emulator_executes_functions_the_way_that_is_wrapped(monkeypatch):
    monkeypatch.setattr(lambda_svc, "_execute_function", lambda function, event: {"body": FAILURES})
    honour_failures()
    assert lambda_svc._execute_function("f", OF_STREAM)["error"]
