from urllib.parse import urlsplit

from imagectl.api_client import Service
from local.api_client import client, signed
from local.aws_clients import ROOT, Clients
from local.sample_run import process
from local.system import PROJECT
from tests.engine.engine import STACK
from tests.infra.test_stacks import OUTPUTS as KNOWN_OUTPUTS

OUTPUTS = {*KNOWN_OUTPUTS, "dashboardUrl"}


def test_the_engine_deploys_the_program_finds_nothing_to_change_and_destroys_it(
    engine, cloud, tmp_path, monkeypatch
):
    engine.pulumi("stack", "init", STACK)
    engine.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    outputs = engine.outputs()
    assert set(outputs) == OUTPUTS

    engine.pulumi("preview", "--expect-no-changes", "--stack", STACK)

    clients = Clients(endpoint=cloud.endpoint, region=cloud.region, certificate=cloud.certificate)
    take_layers_away(clients, outputs)
    url = local_url(outputs["apiUrl"], cloud.endpoint)
    monkeypatch.setenv("SSL_CERT_FILE", str(cloud.certificate))
    samples = PROJECT / "local" / "samples"
    with client(cloud.certificate) as http:
        http.auth = signed(ROOT, cloud.region)
        photographs = process(Service(http, url), samples, tmp_path)
    assert {each.name: each.status for each in photographs} == {
        path.name: "READY" for path in samples.glob("*.jpg")
    }

    empty(clients, outputs["originalsBucket"], outputs["variantsBucket"])
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


def empty(clients, *buckets):
    """Delete every version of every object: a bucket that holds some is not destroyed."""
    s3 = clients.client("s3")
    for bucket in buckets:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
