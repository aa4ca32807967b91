"""The programs of docs/clients.md for a terminal, as an AWS user who may call the API."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.e2e.actions import settled
from tests.e2e.browser import missing
from tests.e2e.clients.documented import program
from tests.e2e.conftest import SAMPLES


@pytest.fixture
def environment(system):
    caller = system.uploader
    return {
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": system.region,
        "AWS_DEFAULT_REGION": system.region,
        "AWS_ACCESS_KEY_ID": caller.access_key_id,
        "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
    }


@pytest.fixture
def run(system, environment, tmp_path):
    api = system.outputs["apiUrl"].rstrip("/")

    def run_program(heading, interpreter, *arguments):
        script = tmp_path / "documented"
        script.write_text(program(heading), "utf-8")
        command = [*interpreter, script, api, *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run_program


@pytest.fixture
def curl(run):
    for command in ("bash", "curl", "jq"):
        if shutil.which(command) is None:
            missing(f"the script for curl needs {command}: apt-get install {command}")
    return lambda *arguments: run("curl", ["bash"], *arguments)


def test_the_curl_script_uploads_a_photograph_and_prints_its_image(system, curl, tmp_path):
    photograph = tmp_path / "my dogs; 'really'.jpg"
    shutil.copy(SAMPLES / "dogs.jpg", photograph)
    ran = curl(photograph)
    assert ran.returncode == 0, ran.stderr
    image = json.loads(ran.stdout)
    assert (image["status"], image["fileName"]) == ("READY", photograph.name)
    assert settled(system, image["imageId"])["bytes"] == photograph.stat().st_size


def test_the_curl_script_prints_why_a_file_is_refused(curl):
    ran = curl(SAMPLES / "README.md", "text/markdown")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["type"].endswith(":unsupported-content-type")


def test_the_python_program_uploads_photographs_and_waits_for_their_batch(run):
    ran = run("Python", [sys.executable], SAMPLES / "fig.jpg", SAMPLES / "drum.jpg")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "{'PENDING': 0, 'READY': 2, 'REJECTED': 0, 'FAILED': 0}\n"
