"""Clients generated from the description that a stack serves: they type-check, and run a whole journey."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handlers.contract.quota_table import Hour
from tests.e2e.actions import quota_table
from tests.e2e.clients.conftest import IMAGES_AN_HOUR
from tests.e2e.conftest import SAMPLES

JOURNEYS = Path(__file__).parent / "journeys"
PHOTOGRAPH = SAMPLES / "dogs.jpg"
# Those of a journey: the next one is refused.
IMAGES = 2


def run(*command, cwd, **environment):
    """The output of a command that has to succeed."""
    environment = os.environ | environment
    ran = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout + ran.stderr


@pytest.fixture
def nearly_used_up(open_system):
    """The quota of this hour, and of the next if this one is about to end, leaves one journey."""
    dynamodb, table = open_system.client("dynamodb"), quota_table(open_system)
    hours = {Hour.of(time.time() + later).name for later in (0, 3600)}
    keys = [{"Principal": {"S": "anonymous"}, "Hour": {"S": hour}} for hour in hours]
    for key in keys:
        used = {"Images": {"N": str(IMAGES_AN_HOUR - IMAGES)}}
        dynamodb.put_item(TableName=table, Item=key | used)
    yield
    for key in keys:
        dynamodb.delete_item(TableName=table, Key=key)


@pytest.mark.usefixtures("nearly_used_up")
def test_a_client_by_openapi_python_client_type_checks_and_runs_a_journey(
    api, python_client_generator, tmp_path
):
    said = run(
        python_client_generator / "openapi-python-client",
        *("generate", "--url", f"{api}/openapi.json", "--meta", "none"),
        *("--output-path", "image_intake", "--config", JOURNEYS / "openapi-python-client.yaml"),
        cwd=tmp_path,
        NO_PROXY="127.0.0.1",
    )
    assert "Endpoint will not be generated" not in said
    shutil.copy(JOURNEYS / "journey.py", tmp_path)
    python = python_client_generator / "python"
    run(
        sys.executable,
        *("-m", "mypy", "--strict", "--python-executable", python, "journey.py"),
        cwd=tmp_path,
    )
    run(python, "journey.py", api, PHOTOGRAPH, cwd=tmp_path)


@pytest.mark.usefixtures("nearly_used_up")
def test_types_by_openapi_typescript_type_check_and_run_a_journey(api, node, tmp_path):
    (tmp_path / "node_modules").symlink_to(node.parent)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run(node / "openapi-typescript", f"{api}/openapi.json", "-o", "image-intake.d.ts", cwd=tmp_path)
    for name in ("journey.ts", "tsconfig.json"):
        shutil.copy(JOURNEYS / name, tmp_path)
    run(node / "tsc", "--project", "tsconfig.json", cwd=tmp_path)
    bundled = ("journey.ts", "--bundle", "--platform=node", "--format=esm", "--outfile=journey.js")
    run(node / "esbuild", *bundled, cwd=tmp_path)
    run("node", "journey.js", api, PHOTOGRAPH, cwd=tmp_path)
