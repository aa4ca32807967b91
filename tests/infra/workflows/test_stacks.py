import json
import subprocess
import sys

import pytest
import yaml

import affected_stacks
from components.bundle import LAYERS
from local.isolation import LOOPBACK
from tests.engine.requirements import ACCOUNT_HOST
from tests.infra.registered import ROOT
from tests.infra.workflows.definitions import ACTIONS, commands, workflow

STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))


def affected(*paths):
    command = [sys.executable, ROOT / ".ci" / "affected_stacks.py"]
    return json.loads(subprocess.check_output(command, input="\n".join(paths), text=True, timeout=60))


def deployed(event, stack=None):
    """What the expression for the stack comes to, with `or` and `and` as GitHub has them."""
    return stack or (event == "release" and "prod") or "dev"


@pytest.mark.parametrize(
    "path",
    ["components/queue.py", "handlers/contract/keys.py", "__main__.py", "Pulumi.yaml", "requirements/api.txt",
     "requirements/publish.txt", "pricing/prices.toml", "requirements.txt",
     "policies/guardrails/logs.py", ".github/workflows/preview.yml"],
)  # fmt: skip
def test_the_program_and_its_policies_concern_every_stack(path):
    assert affected("README.md", path) == STACKS == ["dev", "prod"]


def test_every_file_that_the_program_reads_concerns_the_stacks_that_read_it():
    options = ["accessLogs", "dataEvents", "malwareScan"]
    command = [sys.executable, "-m", "tests.infra.workflows.opened_files", *options]
    opened = subprocess.check_output(command, cwd=ROOT, text=True, timeout=60).splitlines()
    # Nothing that is built, installed or compiled, nor what stands in for the engine here.
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True, timeout=60).splitlines()
    read = {path for path in set(opened) & set(tracked) if not path.startswith(("local/", "tests/"))}
    assert {"__main__.py", "Pulumi.dev.yaml", "handlers/api/page/index.html", "pricing/prices.toml"} <= read
    assert affected("Pulumi.dev.yaml") == ["dev"]
    concern_none = [
        path for path in sorted(read - {"Pulumi.dev.yaml"}) if not affected_stacks.affected([path], STACKS)
    ]
    assert concern_none == []


def test_the_requirements_of_every_layer_concern_every_stack():
    layers = {layer for of_function in LAYERS.values() for layer in of_function}
    assert {layer: affected(f"requirements/{layer}.txt") for layer in layers} == dict.fromkeys(layers, STACKS)


def test_a_stack_file_concerns_its_stack():
    assert affected("Pulumi.prod.yaml", "docs/policies.md") == ["prod"]
    assert affected("Pulumi.prod.yaml", "Pulumi.dev.yaml") == ["dev", "prod"]


@pytest.mark.parametrize(
    "path",
    ["README.md", "tests/unit/contract/test_keys.py", "Pulumi.gone.yaml",
     "docs/components/x.md", "imagectl/app.py", "requirements/dev.txt"],
)  # fmt: skip
def test_anything_else_concerns_none(path):
    assert affected(path) == []


def test_every_stack_is_looked_at_for_drift_and_can_be_deployed_by_hand():
    deploy = workflow("deploy")
    assert deploy["jobs"]["drift"]["strategy"]["matrix"]["stack"] == STACKS
    assert deploy["on"]["workflow_dispatch"]["inputs"]["stack"]["options"] == STACKS
    assert deploy["on"]["schedule"]


def test_a_push_deploys_dev_and_a_release_prod_each_in_its_environment():
    deploy = workflow("deploy")
    assert deploy["on"]["push"] == {"branches": ["main"]}
    assert deploy["on"]["release"] == {"types": ["published"]}
    up = deploy["jobs"]["up"]
    stack = "${{ inputs.stack || (github.event_name == 'release' && 'prod') || 'dev' }}"
    assert up["environment"] == up["env"]["STACK"] == stack
    assert (deployed("push"), deployed("release")) == ("dev", "prod")
    assert (deployed("workflow_dispatch", "prod"), deployed("workflow_dispatch", "dev")) == ("prod", "dev")


def test_a_stack_is_deployed_by_one_run_at_a_time_and_never_interrupted():
    concurrency = workflow("deploy")["jobs"]["up"]["concurrency"]
    assert concurrency == {
        "group": "stack-${{ inputs.stack || (github.event_name == 'release' && 'prod') || 'dev' }}",
        "cancel-in-progress": False,
    }


def test_a_newer_preview_of_a_stack_replaces_an_older_one():
    concurrency = workflow("preview")["jobs"]["preview"]["concurrency"]
    assert "matrix.stack" in concurrency["group"]
    assert "github.event.pull_request.number" in concurrency["group"]
    assert concurrency["cancel-in-progress"] is True


def test_nothing_is_previewed_or_deployed_before_the_checks_pass():
    assert "checks" in workflow("preview")["jobs"]["preview"]["needs"]
    assert workflow("deploy")["jobs"]["up"]["needs"] == "checks"
    assert commands(workflow("ci")["jobs"]["run"]) == [".ci/run"]


def test_previews_and_deployments_are_held_to_the_policy_pack():
    (_, preview) = commands(workflow("preview")["jobs"]["preview"])
    (up,) = commands(workflow("deploy")["jobs"]["up"])
    for line in (preview, up):
        assert "--policy-pack policies" in line
        assert "--refresh" in line


def test_drift_is_an_error_and_is_left_as_it_is():
    (_, refresh) = commands(workflow("deploy")["jobs"]["drift"])
    assert refresh.startswith("pulumi refresh ")
    assert {"--expect-no-changes", "--preview-only"} <= set(refresh.split())


def test_the_cli_is_the_release_of_the_sdk():
    (action,) = [yaml.safe_load(path.read_text("utf-8")) for path in ACTIONS]
    steps = [*action["runs"]["steps"], *workflow("ci")["jobs"]["engine"]["steps"]]
    versions = [step["with"]["pulumi-version"] for step in steps if "pulumi/" in step.get("uses", "")]
    assert len(versions) == 2
    pinned = (ROOT / "requirements" / "program.in").read_text("utf-8")
    assert all(f"pulumi=={version}\n" in pinned for version in versions)


def test_every_pull_request_runs_the_engine_with_what_the_tests_ask_for():
    job = workflow("ci")["jobs"]["engine"]
    assert job["if"] == "github.event_name == 'pull_request'"
    setup, plugin, host, test = commands(job)
    assert (setup, test) == ("make setup", "make test-engine")
    assert 'pulumi plugin install resource aws "$version"' in plugin
    assert host == f"echo '{LOOPBACK} {ACCOUNT_HOST}' | sudo tee -a /etc/hosts"
    # A job that is skipped would count as passed, so that nothing but the event may skip it.
    assert not any("continue-on-error" in step or "if" in step for step in job["steps"])


def test_the_checks_run_on_the_oldest_and_the_deployed_python():
    assert workflow("ci")["jobs"]["run"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
