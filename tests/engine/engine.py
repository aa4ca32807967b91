"""The Pulumi CLI on a throw-away copy of the project, deploying to the emulator.

https://www.pulumi.com/docs/iac/cli/ · https://www.pulumi.com/registry/packages/aws/installation-configuration/
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from local.emulator import Emulator
from local.system import PROJECT

STACK = "engine"
_TIMEOUT_SECONDS = 600
# What the program consists of; the virtual environment is linked.
_PARTS = (
    "Pulumi.yaml",
    "__main__.py",
    "components",
    "handlers",
    "pricing",
    "requirements",
    "requirements.txt",
)
# Services of the provider that the program, or the provider itself, calls.
_SERVICES = (
    "apigatewayv2",
    "cloudwatch",
    "dynamodb",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "s3",
    "s3control",
    "sns",
    "sqs",
    "sts",
)


def what_is_missing() -> str | None:
    """A sentence that says which part of a real engine this machine lacks; None if it has all."""
    if shutil.which("openssl") is None:
        return "no `openssl` command is on the PATH, with which the emulator makes its certificate"
    cli = shutil.which("pulumi")
    if cli is None:
        return "no `pulumi` command is on the PATH (https://www.pulumi.com/docs/iac/download-install/)"
    wanted = version("pulumi-aws")
    listed = subprocess.run(
        [cli, "plugin", "ls", "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    installed = [
        plugin.get("version") for plugin in json.loads(listed.stdout or "[]") if plugin["name"] == "aws"
    ]
    if wanted not in installed:
        found = f"there is {', '.join(map(str, installed))}" if installed else "there is none"
        return (
            f"the AWS provider plugin {wanted} is not installed, {found}: "
            f"`pulumi plugin install resource aws {wanted}` does"
        )
    return None


class Engine:
    """Runs `pulumi` with a file backend of its own; the user's login and stacks are not touched."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._project = folder / "project"
        self._project.mkdir()
        for part in _PARTS:
            source = PROJECT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, self._project / part, ignore=ignored)
            else:
                shutil.copy(source, self._project / part)
        (self._project / ".venv").symlink_to(PROJECT / ".venv")
        state = folder / "state"
        state.mkdir()
        self._environment = {
            **os.environ,
            # In place of `pulumi login file://…`, which would change the login of the user.
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "not a secret",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        settings = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text("utf-8"))["config"]
        settings |= provider_settings(emulator)
        stack_file = self._project / f"Pulumi.{STACK}.yaml"
        stack_file.write_text(yaml.safe_dump({"config": settings}), "utf-8")

    def pulumi(self, *arguments: str) -> str:
        """Run one command of the CLI; returns what it wrote. Fails the test unless it succeeds."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._project,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"pulumi {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the stack."""
        answer: Mapping[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--stack", STACK))
        return answer


def provider_settings(emulator: Emulator) -> dict[str, Any]:
    """The configuration that sends the AWS provider to the emulator, as its root user.

    The provider does ask for the account id: the emulator answers, and the ARNs that the provider
    composes need it.
    """
    return {
        "aws:region": emulator.region,
        "aws:insecure": True,  # the emulator signs its own certificate
        "aws:accessKey": "test",
        "aws:secretKey": "test",
        "aws:s3UsePathStyle": True,
        "aws:skipCredentialsValidation": True,
        "aws:skipMetadataApiCheck": True,
        "aws:endpoints": [dict.fromkeys(_SERVICES, emulator.endpoint)],
    }
