"""`pulumi up` over a deployed stack, as far as a change of the lanes goes.

The program is evaluated with the new configuration against the resources that are there. What is new is
created, the notification and the functions' environments are updated, and event source mappings that are
no longer registered are deleted last, as the engine does.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local.deployer import Deployer, Target
from local.program import run_program
from local.system import PROJECT, System
from local.users import operator_arn

_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"
_FUNCTION = "aws:lambda/function:Function"


class _Redeployer(Deployer):
    def __init__(self, system: System) -> None:
        super().__init__(Target(clients=system.clients))
        self._standing = {(each.type, each.name): each for each in system.deployment.resources}

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        standing = self._standing.get((args.typ, args.name))
        if standing is None or args.typ == _NOTIFICATION:
            return super().new_resource(args)
        if args.typ == _FUNCTION:
            self.target.client("lambda").update_function_configuration(
                FunctionName=standing.outputs["name"],
                Environment={"Variables": dict(args.inputs["environment"]["variables"])},
            )
        return standing.id, {**args.inputs, **standing.outputs}


def redeploy(system: System, config: Mapping[str, str]) -> System:
    """The system after a deployment with other configuration (keys without the project's name)."""
    redeployer = _Redeployer(system)
    # As in every local deployment, the operator sees the images of all.
    config = {"adminPrincipals": json.dumps([operator_arn(redeployer.target)]), **config}
    overrides = {f"image-intake:{key}": value for key, value in config.items()}
    deployment = run_program(PROJECT, "dev", redeployer, overrides)
    registered = {(each.type, each.name) for each in deployment.resources}
    for each in system.deployment.resources:
        if each.type == _MAPPING and (each.type, each.name) not in registered:
            system.client("lambda").delete_event_source_mapping(UUID=each.id)
    again = replace(system, deployment=deployment)
    vars(again)["api"] = system.api  # the client is the one that is closed in the end
    return again
