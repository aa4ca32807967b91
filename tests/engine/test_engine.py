"""The life of a stack under the real engine: the tests run in this order and share the stack."""

from urllib.parse import urlsplit

import pytest

from imagectl.api_client import Service
from local.api_client import client, signed
from local.aws_clients import ROOT
from local.sample_run import process
from local.system import PROJECT
from tests.infra.test_stacks import OUTPUTS as KNOWN_OUTPUTS

STACK = "engine"
OUTPUTS = {*KNOWN_OUTPUTS, "dashboardUrl"}


@pytest.fixture(scope="module")
def stack(engine):
    """A deployed stack, and what the preview before it said."""
    engine.new_stack(STACK)
    planned = engine.changes(STACK)
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    return planned


def test_the_first_preview_creates_everything(stack):
    assert {operation for operation, _ in stack} == {"create"}


def test_the_deployment_has_every_output(engine, stack):
    assert set(engine.outputs(STACK)) == OUTPUTS


def test_the_next_preview_finds_nothing_to_change(engine, stack):
    engine.pulumi("preview", "--expect-no-changes", "--stack", STACK)


def test_a_changed_setting_changes_only_what_it_concerns(engine, stack):
    engine.pulumi("config", "set", "logRetentionDays", "30", "--stack", STACK)
    assert engine.changes(STACK) == {("update", "aws:cloudwatch/logGroup:LogGroup")}
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    engine.pulumi("preview", "--expect-no-changes", "--stack", STACK)


def test_a_refresh_finds_everything_as_it_was_deployed(engine, stack):
    engine.pulumi("refresh", "--preview-only", "--expect-no-changes", "--stack", STACK)


def test_the_policy_pack_lets_the_program_pass(engine, stack):
    engine.pulumi("preview", "--policy-pack", "policies", "--expect-no-changes", "--stack", STACK)


def test_the_policy_pack_stops_a_stack_with_an_unencrypted_queue(engine, stack):
    engine.new_stack("unencrypted", **{"engine:unencryptedQueue": True})
    assert "queue-encrypted" in engine.refused(
        "preview", "--policy-pack", "policies", "--stack", "unencrypted"
    )


@pytest.fixture
def service(engine, stack, cloud, clients, monkeypatch):
    """The API of the stack, called as root."""
    outputs = engine.outputs(STACK)
    take_layers_away(clients, outputs)
    monkeypatch.setenv("SSL_CERT_FILE", str(cloud.certificate))
    with client(cloud.certificate) as http:
        http.auth = signed(ROOT, cloud.region)
        yield Service(http, local_url(outputs["apiUrl"], cloud.endpoint))


def test_photographs_become_ready(service, tmp_path):
    samples = PROJECT / "local" / "samples"
    photographs = process(service, samples, tmp_path)
    assert {each.name: each.status for each in photographs} == {
        path.name: "READY" for path in samples.glob("*.jpg")
    }


def test_a_protected_stack_is_not_destroyed(engine, stack, clients):
    engine.pulumi("config", "set", "--path", "corsOrigins[0]", "https://www.example.com", "--stack", STACK)
    engine.pulumi("config", "set", "protect", "true", "--stack", STACK)
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    assert "protect" in engine.refused("destroy", "--yes", "--skip-preview", "--stack", STACK)
    table = engine.outputs(STACK)["tableName"]
    assert clients.client("dynamodb").describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"


def test_a_stack_that_is_no_longer_protected_is_destroyed_with_its_images(engine, stack, clients):
    engine.pulumi("config", "set", "protect", "false", "--stack", STACK)
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    engine.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    assert clients.client("s3").list_buckets()["Buckets"] == []
    assert clients.client("lambda").list_functions()["Functions"] == []


def local_url(api_url, endpoint):
    """The emulator's answer names a host that does not resolve; the API id is its first label."""
    api_id = urlsplit(api_url).hostname.partition(".")[0]
    return f"{endpoint}/_aws/execute-api/{api_id}"


def take_layers_away(clients, outputs):
    """The emulator runs functions with this environment's packages; the layers are for Lambda's processor."""
    for output in ("resizeFunctionName", "apiFunctionName", "publishFunctionName"):
        name = outputs[output]
        clients.client("lambda").update_function_configuration(FunctionName=name, Layers=[])
