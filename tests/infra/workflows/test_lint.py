import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.workflows.definitions import ACTIONS, GITHUB, WORKFLOWS

TOOLS = Path(sys.executable).parent
SCHEMAS = [("github-workflows", path) for path in WORKFLOWS] + [("github-actions", path) for path in ACTIONS]
SCHEMAS += [("dependabot", GITHUB / "dependabot.yml")]


def run(tool, *arguments):
    command = [TOOLS / tool, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def zizmor(*paths):
    return run(
        "zizmor", "--offline", "--pedantic", "--no-progress", "--color=never", "--strict-collection", *paths
    )


@pytest.mark.parametrize(("schema", "path"), SCHEMAS, ids=lambda value: getattr(value, "name", value))
def test_a_file_for_github_follows_the_published_schema(schema, path):
    done = run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)
    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_what_is_no_workflow(tmp_path):
    path = tmp_path / "wrong.yml"
    path.write_text("on: push\njobs: {a: {runs-on: ubuntu-24.04, stepz: []}}\n", "utf-8")
    assert run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path).returncode == 1


def test_the_linter_has_nothing_to_say():
    done = zizmor(*(path for _, path in SCHEMAS))
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("No findings to report")


def test_the_linter_sees_the_workflows(tmp_path):
    for path in WORKFLOWS:
        careless = path.read_text("utf-8").replace("persist-credentials: false", "clean: true")
        (tmp_path / path.name).write_text(careless, "utf-8")
    done = zizmor(*tmp_path.iterdir())
    assert done.returncode != 0
    assert done.stdout.count("[artipacked]") >= len(WORKFLOWS)


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is():
    uses = [
        line.strip()
        for path in [*WORKFLOWS, *ACTIONS]
        for line in path.read_text("utf-8").splitlines()
        if "uses: " in line
    ]
    foreign = [line for line in uses if "$/.github/" not in line]
    assert len(foreign) > 8
    for line in foreign:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    pins = {re.search("uses: ([^ ]+)", line)[1] for line in foreign}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins), "one commit an action"
