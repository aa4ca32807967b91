"""A deployed system: the emulator, the program applied to it, its users, and how to talk to it.

with deployed(PROJECT, "dev", config={"batchSize": 5}) as system:
    system.call("POST", "/uploads", json={"files": [...]})
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi.runtime.mocks import Mocks

from local.api_client import Api, client
from local.aws_clients import ROOT, Clients, Credentials
from local.deployer import Deployer, Target
from local.emulator import Emulator, emulator
from local.isolation import isolated
from local.program import Deployment, load_config, project_file, run_program
from local.users import StackNames, create_operator, create_uploader, operator_arn

PROJECT = Path(__file__).parents[1]

Run = Callable[[Path, str, Mocks, Mapping[str, str]], Deployment]
"""Evaluates a program: its folder, the stack, what creates the resources, and the configuration that wins."""


@dataclass(frozen=True, kw_only=True)
class System:
    """A stack in the emulator. `outputs` are the stack's; `notes` say what was left out, and why.

    `settings` are the values of the project's keys, as text.
    """

    emulator: Emulator
    clients: Clients
    deployment: Deployment
    settings: Mapping[str, str]
    notes: tuple[str, ...]
    uploader: Credentials
    operator: Credentials

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients take as `endpoint_url`."""
        return self.emulator.endpoint

    @property
    def region(self) -> str:
        """The region of the stack."""
        return self.emulator.region

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs."""
        return self.deployment.outputs

    @property
    def root(self) -> Credentials:
        """The user for whom IAM is not enforced."""
        return ROOT

    def client(self, service: str, caller: Credentials | None = None) -> Any:
        """The boto3 client of a service, for a caller; without one, for the root user."""
        return self.clients.client(service, caller or self.root)

    @cached_property
    def api(self) -> Api:
        """The stack's API, called as the uploader."""
        url = str(self.outputs["apiUrl"])
        return Api(url, region=self.region, caller=self.uploader, http=client())

    def logs(self, function: str) -> list[str]:
        """The log lines of a function, oldest first; none if it never ran."""
        client = self.client("logs")
        configuration = self.client("lambda").get_function_configuration(FunctionName=function)
        group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function}")
        try:
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group)
            events = [event for page in pages for event in page["events"]]
        except client.exceptions.ResourceNotFoundException:
            return []
        return [str(event["message"]).rstrip() for event in events]


@contextmanager
def deployed(
    root: Path = PROJECT,
    stack: str = "dev",
    *,
    config: Mapping[str, Any] | None = None,
    port: int | None = None,
    log: Path | None = None,
    run: Run = run_program,
) -> Iterator[System]:
    """Start an emulator, apply the program of `root` to it, and stop it after the block.

    `config` overrides the stack's configuration: keys without a namespace are the project's, and
    values are plain ones (strings, numbers, booleans, lists, maps). `log` is the file for the
    emulator's output; without it, the output is kept for as long as the emulator runs. `run` evaluates the
    program, where that is not one of this version.

    Raises EmulatorError or DeploymentError, or what the program itself raises.
    """
    overrides = _rendered(root, config or {})
    settings = {**load_config(root, stack), **overrides}
    region = settings["aws:region"]
    default_tags = json.loads(settings.get("aws:defaultTags", "{}")).get("tags", {})
    with isolated(os.environ), emulator(log=log, region=region, port=port) as running:
        clients = Clients(endpoint=running.endpoint, region=region)
        target = Target(clients=clients, default_tags=default_tags)
        overrides = {**_operator_as_admin(root, target, settings), **overrides}
        deployment = run(root, stack, Deployer(target), overrides)
        names = stack_names(deployment)
        system = System(
            emulator=running,
            clients=clients,
            deployment=deployment,
            settings=_of_project(root, {**settings, **overrides}),
            notes=tuple(target.notes),
            uploader=create_uploader(target, names),
            operator=create_operator(target, names),
        )
        with system.api.http:
            yield system


def _rendered(root: Path, config: Mapping[str, Any]) -> dict[str, str]:
    project = project_file(root)["name"]
    return {
        key if ":" in key else f"{project}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }


def _of_project(root: Path, settings: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{project_file(root)['name']}:"
    return {key.removeprefix(prefix): text for key, text in settings.items() if key.startswith(prefix)}


def _operator_as_admin(root: Path, target: Target, settings: Mapping[str, str]) -> dict[str, str]:
    """The configuration with which the operator sees the images of all, where callers sign."""
    [auth], admins = (
        _rendered(root, {"apiAuth": ""}),
        _rendered(root, {"adminPrincipals": [operator_arn(target)]}),
    )
    return admins if settings[auth] == "iam" else {}


def stack_names(deployment: Deployment) -> StackNames:
    """The names of what the users of a stack may touch."""

    def of_type(type_token: str, output: str = "name") -> list[str]:
        return [str(each.outputs[output]) for each in deployment.resources if each.type == type_token]

    [api_id] = [each.id for each in deployment.resources if each.type == "aws:apigatewayv2/api:Api"]
    return StackNames(
        api_id=api_id,
        # Of the images: who operates them does not read, let alone write, who read them.
        buckets=[str(deployment.outputs[name]) for name in ("originalsBucket", "variantsBucket")],
        table=str(deployment.outputs["tableName"]),
        quotas=next(name for name in of_type("aws:dynamodb/table:Table") if "quotas" in name),
        queues=of_type("aws:sqs/queue:Queue"),
        bus=str(deployment.outputs["eventBusName"]),
        functions=of_type("aws:lambda/function:Function"),
        log_groups=of_type("aws:cloudwatch/logGroup:LogGroup"),
    )
