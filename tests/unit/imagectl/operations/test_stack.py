import json

import pytest

from imagectl import app
from imagectl.operations.stack import DeployedStack, StackUnusable, find_stack
from tests.unit.imagectl.operations.conftest import ThisStack

OUTPUTS = {
    "queueUrl": "q",
    "expressQueueUrl": "e",
    "expressLane": True,
    "deadLetterQueueUrl": "d",
    "originalsBucket": "o",
    "variantsBucket": "v",
    "tableName": "t",
    "resizeFunctionName": "f",
    "apiFunctionName": "a",
    "eventBusName": "b",
}


@pytest.fixture
def outputs(tmp_path, aws):
    def write(**changes):
        path = tmp_path / "outputs.json"
        path.write_text(json.dumps(OUTPUTS | changes))
        return str(path)

    return write


def test_names_come_from_the_outputs_of_the_stack(outputs):
    found = find_stack(outputs=outputs(region="eu-west-1"), stack=None, region=None)
    assert found == DeployedStack("q", "e", "d", "o", "v", "t", "f", "a", "b", True, "eu-west-1", None)
    assert found.sqs.meta.region_name == "eu-west-1"
    assert found.sqs.meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"


def test_the_environment_may_name_the_outputs(outputs, monkeypatch):
    monkeypatch.setenv("IMAGECTL_OUTPUTS", outputs())
    assert find_stack(outputs=None, stack=None, region="eu-west-1").queue_url == "q"


def test_an_endpoint_of_the_environment_wins_over_that_of_the_outputs(outputs, monkeypatch):
    path = outputs(endpointUrl="http://127.0.0.1:1", region="eu-west-1")
    assert find_stack(outputs=path, stack=None, region=None).s3.meta.endpoint_url == "http://127.0.0.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    assert find_stack(outputs=path, stack=None, region=None).s3.meta.endpoint_url == "http://127.0.0.1:2"


def test_outputs_of_another_program_are_refused(outputs):
    with pytest.raises(StackUnusable, match="queueUrl, tableName"):
        find_stack(outputs=outputs(queueUrl=None, tableName=7), stack=None, region=None)


def test_a_function_of_another_version_is_refused(stack, configure, monkeypatch):
    monkeypatch.setattr(ThisStack, "configuration", {"Environment": {"Variables": {"TABLE_NAME": "t"}}})
    with pytest.raises(StackUnusable, match="is not a function of this version"):
        _ = stack.settings


def test_an_environment_that_may_not_be_decrypted_is_told_with_what_lambda_says(stack, monkeypatch):
    error = {"ErrorCode": "AccessDeniedException", "Message": "KMS access was denied"}
    monkeypatch.setattr(ThisStack, "configuration", {"Environment": {"Error": error}})
    with pytest.raises(StackUnusable, match="environment of resize: KMS access was denied") as refused:
        _ = stack.settings
    assert "docs/operating.md" in refused.value.hint


def test_presets_that_are_none_are_refused(stack):
    with pytest.raises(StackUnusable, match="thumbnail"):
        stack.preset_hash(("small 1x1 cover jpeg",))


@pytest.mark.parametrize("command", ["redrive", "backfill", "reconcile", "watch"])
def test_what_aws_refuses_is_explained(command, outputs, capsys):
    with pytest.raises(SystemExit) as ended:
        app.main([command, "--outputs", outputs(region="eu-central-1")])
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert "AWS" in said or "asked" in said
