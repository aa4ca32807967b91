"""One deployed system for the whole tier, and the command line against it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws_clients import Credentials
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed

SAMPLES = Path(__file__).parents[2] / "local" / "samples"


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with deployed() as running:
        yield running


@pytest.fixture(scope="session")
def photograph() -> bytes:
    return (SAMPLES / "dogs.jpg").read_bytes()


@pytest.fixture
def start(system: System, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command as the uploader of the stack, or as `caller`, by the stack's outputs."""
    outputs = tmp_path / "outputs.json"
    write(outputs, documented(system))

    def begin(*arguments: str, caller: Credentials | None = None) -> subprocess.Popen[str]:
        caller = caller or system.uploader
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": caller.access_key_id,
            "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "imagectl", *arguments, "--outputs", str(outputs)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture
def imagectl(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        with start(*arguments, **options) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run
