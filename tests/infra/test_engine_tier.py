"""What the tests under the real engine rest on, as far as it can be checked without an engine."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pulumi_aws as aws
import pytest

import roles
from local.emulator import Emulator
from tests.engine import requirements
from tests.engine.deployment_users import CALLED_DIFFERENTLY, documented_policies, exceptions
from tests.engine.engine import provider_settings, services
from tests.engine.project_copy import copy_project
from tests.infra.registered import ROOT

EVALUATION = """
import json, sys
from pathlib import Path
from local.mock_cloud import FakeCloud
from local.program import run_program

deployment = run_program(Path.cwd(), "dev", FakeCloud(), json.loads(sys.argv[1]))
modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({
    "registered": [[each.type, each.name, each.inputs.get("alarmRule")] for each in deployment.resources],
    "imported": [path for path in modules if path],
}))
"""
LEFT_OUT = {"aws:cloudwatch/queryDefinition:QueryDefinition", "aws:cloudwatch/metricAlarm:MetricAlarm"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The copy of the project that the engine deploys."""
    folder = tmp_path_factory.mktemp("copy")
    copy_project(folder)
    shutil.copy(ROOT / "Pulumi.dev.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def held(copy):
    """What the copy registers of the dev stack: type, name, and the rule of a composite alarm."""
    return evaluated(copy)["registered"]


def evaluated(folder, **config):
    """Evaluate the program of a folder; only what stands in for the engine comes from the project."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EVALUATION, json.dumps(config)],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "IMAGE_INTAKE_SKIP_LAYERS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_copy_has_every_module_and_file_of_the_program(copy):
    options = ("accessLogs", "dataEvents", "malwareScan", "delivery")
    result = evaluated(copy, **{f"image-intake:{key}": "true" for key in options})
    of_project = {
        Path(path).relative_to(ROOT).parts[0]
        for path in result["imported"]
        if Path(path).is_relative_to(ROOT) and ".venv" not in Path(path).parts
    }
    assert of_project == {"local"}


def test_only_saved_queries_metric_math_and_percentiles_are_left_out(held, dev):
    kept = {(kind, name) for kind, name, _ in held}
    everything = {(each.type, each.name): each for each in dev.deployment.resources}
    assert kept <= set(everything)
    missing = [everything[key] for key in set(everything) - kept]
    assert {each.type for each in missing} == LEFT_OUT
    not_held = {
        each.name
        for each in everything.values()
        if each.type.endswith(":QueryDefinition") or {"metricQueries", "extendedStatistic"} & set(each.inputs)
    }
    assert {each.name for each in missing} == not_held


def test_composites_ask_for_the_alarms_that_are_there(held):
    alarms = {f"{name}-0a1b2c3" for kind, name, _ in held if kind.endswith(":MetricAlarm")}
    rules = [rule for kind, _, rule in held if kind.endswith(":CompositeAlarm")]
    assert len(rules) == 3
    for rule in rules:
        named = {part.removeprefix('ALARM("').removesuffix('")') for part in rule.split(" OR ")}
        assert named
        assert named <= alarms


def test_only_the_stack_for_the_policy_pack_has_an_unencrypted_queue(copy, held):
    unencrypted = ["aws:sqs/queue:Queue", "unencrypted", None]
    assert unencrypted not in held
    assert unencrypted in evaluated(copy, **{"engine:unencryptedQueue": "true"})["registered"]


def plain(resource):
    """The inputs of a resource; archives, which are compared by identity, as their paths."""
    return {key: getattr(value, "path", value) for key, value in resource.inputs.items()}


def test_the_setting_that_the_tier_changes_concerns_log_groups_only(dev, registered):
    before = {each.name: plain(each) for each in dev.deployment.resources}
    after = {each.name: each for each in registered(logRetentionDays="30").deployment.resources}
    assert set(before) == set(after)
    changed = {each.type for name, each in after.items() if plain(each) != before[name]}
    assert changed == {"aws:cloudwatch/logGroup:LogGroup"}


def test_every_service_of_the_provider_is_sent_to_the_emulator():
    emulator = Emulator(
        endpoint="https://127.0.0.1:4566", region="eu-central-1", log=Path("log"), certificate=None
    )
    (endpoints,) = provider_settings(emulator)["aws:endpoints"]
    assert set(endpoints) == services() | {"s3control"}
    assert {"apigatewayv2", "cloudfront", "cloudtrail", "guardduty", "iam", "lambda", "sts"} <= set(endpoints)
    # Names that the provider does not have would be ignored, and real services called.
    known = {name.rstrip("_") for name in dir(aws.config.outputs.Endpoints)}
    assert set(endpoints) <= known
    # The account id is put in front of the host, which an address does not allow.
    assert endpoints.pop("s3control") == "https://localhost:4566"
    assert set(endpoints.values()) == {"https://127.0.0.1:4566"}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with these commands, plugins of these versions, and these addresses of the account's host."""

    def set_up(commands, versions, addresses):
        for command in commands:
            plugins = json.dumps([{"name": "aws", "version": version} for version in versions])
            (tmp_path / command).write_text(f"#!/bin/sh\necho '{plugins}'\n", "utf-8")
            (tmp_path / command).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

        def getaddrinfo(host, *_):
            if not addresses:
                raise socket.gaierror
            assert host == "000000000000.localhost"
            return [(socket.AF_INET, 0, 0, "", (address, 0)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(requirements, "version", {"pulumi": "3.1.2", "pulumi-aws": "7.8.9"}.get)
        return requirements.missing()

    return set_up


def test_a_machine_with_everything_lacks_nothing(machine):
    assert machine(["openssl", "git", "pulumi"], ["6.0.0", "7.8.9"], ["127.0.0.1"]) == []


def test_each_missing_thing_is_one_line_that_says_how_to_get_it(machine):
    lines = machine([], [], [])
    assert [line.partition(":")[0] for line in lines] == [
        "no command `openssl`",
        "no command `git`",
        "no command `pulumi`",
        "no AWS provider plugin 7.8.9",
        "000000000000.localhost does not resolve to 127.0.0.1",
    ]
    assert "install the CLI 3.1.2" in lines[2]
    assert lines[3].endswith("`pulumi plugin install resource aws 7.8.9`")
    assert lines[4].endswith("`echo '127.0.0.1 000000000000.localhost' | sudo tee -a /etc/hosts`")


@pytest.mark.parametrize(("versions", "found"), [([], ""), (["7.0.0"], " (7.0.0 is installed)")])
def test_another_version_of_the_plugin_does_not_do(machine, versions, found):
    (line,) = machine(["openssl", "git", "pulumi"], versions, ["127.0.0.1"])
    assert line == f"no AWS provider plugin 7.8.9{found}: `pulumi plugin install resource aws 7.8.9`"


def test_an_account_host_elsewhere_does_not_do(machine):
    (line,) = machine(["openssl", "git", "pulumi"], ["7.8.9"], ["192.0.2.1"])
    assert line.startswith("000000000000.localhost does not resolve to 127.0.0.1: ")


@pytest.mark.parametrize("names", [roles.PREVIEW, (*roles.DEPLOY, roles.UNPROTECTED)])
def test_the_exceptions_for_the_emulator_add_no_action_but_its_own_names(names):
    documents = [documented_policies("roles", "eu-central-1")[name] for name in names]
    allowed = {
        action
        for document in documents
        for statement in json.loads(document)["Statement"]
        for action in statement["Action"]
    }
    (statement,) = exceptions(documents)["Statement"]
    own_names = {name for action, name in CALLED_DIFFERENTLY.items() if action in allowed}
    assert set(statement["Action"]) - own_names <= allowed
