"""The Pulumi CLI on a throw-away copy of the project, deploying to the emulator.

https://www.pulumi.com/docs/iac/cli/ · https://www.pulumi.com/registry/packages/aws/installation-configuration/
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from local.aws_clients import ROOT, Credentials
from local.emulator import Emulator
from local.isolation import LOOPBACK
from local.system import PROJECT
from tests.engine.project_copy import copy_project
from tests.engine.requirements import S3_CONTROL

_TIMEOUT_SECONDS = 600
_CALLS = PROJECT / "tests" / "infra" / "provider_calls.toml"
# The provider's names of services, where they differ from those of IAM:
# https://www.pulumi.com/registry/packages/aws/api-docs/provider/#providerendpoint
_PROVIDER_NAMES = {"apigateway": "apigatewayv2"}
# What the provider calls for itself, to learn the account.
_OF_THE_PROVIDER = ("iam", "sts")


class Engine:
    """Runs `pulumi` with a file backend of its own; the user's login and stacks are not touched."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._emulator = emulator
        self._project = folder / "project"
        self._project.mkdir()
        copy_project(self._project)
        state = folder / "state"
        state.mkdir()
        loopback = f"{LOOPBACK},{S3_CONTROL},.{S3_CONTROL}"
        self._environment = {
            **os.environ,
            # In place of `pulumi login file://…`, which would change the login of the user.
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "not a secret",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "NO_PROXY": loopback,
            "no_proxy": loopback,
        }

    def new_stack(self, name: str, **settings: Any) -> None:
        """A stack with the settings of the dev stack, its own tags, and `settings` (by their full keys)."""
        config = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text("utf-8"))["config"]
        config["aws:defaultTags"]["tags"]["Stack"] = name
        config |= provider_settings(self._emulator) | settings
        stack_file = self._project / f"Pulumi.{name}.yaml"
        stack_file.write_text(yaml.safe_dump({"config": config}), "utf-8")
        self.pulumi("stack", "init", name)

    def pulumi(self, *arguments: str, caller: Credentials = ROOT) -> str:
        """Run one command of the CLI as `caller`; returns its output. Fails the test unless it succeeds."""
        done = self._run(arguments, caller)
        assert done.returncode == 0, f"pulumi {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """Run one command; returns all that it wrote. Fails the test if it succeeds."""
        done = self._run(arguments, ROOT)
        assert done.returncode != 0, f"pulumi {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def _run(self, arguments: tuple[str, ...], caller: Credentials) -> subprocess.CompletedProcess[str]:
        credentials = {
            "AWS_ACCESS_KEY_ID": caller.access_key_id,
            "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
        }
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._project,
            env=self._environment | credentials,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """The outputs of a stack."""
        answer: Mapping[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--stack", stack))
        return answer

    def changes(self, stack: str) -> set[tuple[str, str]]:
        """What a preview would change: operation and type of each resource."""
        preview = json.loads(self.pulumi("preview", "--json", "--stack", stack))
        return {
            (step["op"], step["urn"].split("::")[2].rpartition("$")[2])
            for step in preview["steps"]
            if step["op"] != "same"
        }


def services() -> set[str]:
    """The provider's names of all services that the provider calls, whichever settings a stack has."""
    calls = tomllib.loads(_CALLS.read_text("utf-8")).values()
    prefixes = {
        action.partition(":")[0]
        for row in calls
        for kind in ("read", "write", "delete")
        for action in row[kind]
    }
    return {_PROVIDER_NAMES.get(prefix, prefix) for prefix in (*prefixes, *_OF_THE_PROVIDER)}


def provider_settings(emulator: Emulator) -> dict[str, Any]:
    """The configuration that sends the AWS provider to the emulator; the caller's key is in the environment.

    The provider does ask for the account id: the emulator answers, and the ARNs that the provider
    composes need it.
    """
    # An address cannot have a name in front of it.
    s3_control = f"https://{S3_CONTROL}:{urlsplit(emulator.endpoint).port}"
    return {
        "aws:region": emulator.region,
        "aws:insecure": True,  # the emulator signs its own certificate
        "aws:s3UsePathStyle": True,
        "aws:skipCredentialsValidation": True,
        "aws:skipMetadataApiCheck": True,
        "aws:endpoints": [dict.fromkeys(sorted(services()), emulator.endpoint) | {"s3control": s3_control}],
    }
