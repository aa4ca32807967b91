"""`pulumi up` over a deployed stack: with other configuration, or with another version of the program.

The program is evaluated against the resources that are there, which are found by their URNs and aliases, as
the engine finds them. What is new is created, what has changed is updated, and what is no longer registered
is deleted last. A change that nothing here can make is an error.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pulumi.runtime.mocks import MockResourceArgs

from local.deployer import Deployer, DeploymentError, Target
from local.deployer.archives import zip_bytes
from local.deployer.naming import api_shape
from local.deployer.pulumi_monitor import plain, without_assets
from local.evaluation import URNS, RegisteredResource
from local.program import run_program
from local.system import PROJECT, Run, System, stack_names
from local.users import operator_arn, update_operator

# Creating one of these again sets all of it again. The name that AWS has for it is an input then.
_SET_AGAIN: Final = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": "",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "",
    "aws:s3/bucketNotification:BucketNotification": "",
    "aws:s3/bucketPolicy:BucketPolicy": "",
    "aws:sqs/queuePolicy:QueuePolicy": "",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "",
}

# Changes that make no difference in the emulator.
_WITHOUT_EFFECT: Final = {
    "aws:apigatewayv2/stage:Stage": {"routeSettings"},
    "aws:cloudwatch/eventBus:EventBus": {"description"},
    "aws:cloudwatch/logGroup:LogGroup": {"namePrefix"},  # is not applied to a group that is there
    "aws:dynamodb/table:Table": {"serverSideEncryption"},
    "aws:lambda/function:Function": {"description", "layers"},
    "aws:lambda/layerVersion:LayerVersion": {"code", "compatibleRuntimes", "description", "layerName"},
}

_Update = Callable[[Target, RegisteredResource, Mapping[str, Any]], None]


def _update_function(target: Target, standing: RegisteredResource, inputs: Mapping[str, Any]) -> None:
    # Two calls, as in AWS: for a moment one of them is new and the other is old. Each kills workers here.
    name, client, before = standing.outputs["name"], target.client("lambda"), plain(standing.inputs)
    if any(before[key] != inputs[key] for key in ("handler", "timeout", "memorySize", "environment")):
        client.update_function_configuration(
            FunctionName=name,
            Handler=inputs["handler"],
            Timeout=inputs["timeout"],
            MemorySize=inputs["memorySize"],
            Environment={"Variables": inputs["environment"]["variables"]},
        )
    code = zip_bytes(inputs["code"])
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    if client.get_function_configuration(FunctionName=name)["CodeSha256"] != digest:
        client.update_function_code(FunctionName=name, ZipFile=code)


def _update_mapping(target: Target, standing: RegisteredResource, inputs: Mapping[str, Any]) -> None:
    members = ("batchSize", "filterCriteria", "maximumBatchingWindowInSeconds", "scalingConfig")
    target.client("lambda").update_event_source_mapping(
        UUID=standing.id, **api_shape({key: inputs[key] for key in members if key in inputs})
    )


def _update_route(target: Target, standing: RegisteredResource, inputs: Mapping[str, Any]) -> None:
    target.client("apigatewayv2").update_route(
        ApiId=inputs["apiId"], RouteId=standing.id, AuthorizationType=inputs["authorizationType"]
    )


# How what has changed is updated, and which inputs that covers.
_UPDATES: Final[Mapping[str, tuple[_Update, Collection[str]]]] = {
    "aws:apigatewayv2/route:Route": (_update_route, {"authorizationType"}),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        _update_mapping,
        {"batchSize", "filterCriteria", "maximumBatchingWindowInSeconds", "scalingConfig"},
    ),
    "aws:lambda/function:Function": (
        _update_function,
        {"code", "environment", "handler", "memorySize", "timeout"},
    ),
}

_Delete = Callable[[Target, RegisteredResource], Any]


def _nothing(_target: Target, _resource: RegisteredResource) -> None:
    """It goes with what it belongs to, or was never created."""


_DELETES: Final[Mapping[str, _Delete]] = {
    "aws:apigatewayv2/route:Route": lambda target, gone: target.client("apigatewayv2").delete_route(
        ApiId=gone.inputs["apiId"], RouteId=gone.id
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda target, gone: target.client("cloudwatch").delete_alarms(
        AlarmNames=[gone.id]
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda target, gone: target.client(
        "lambda"
    ).delete_event_source_mapping(UUID=gone.id),
    "aws:lambda/layerVersion:LayerVersion": _nothing,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": lambda target, gone: target.client(
        "s3"
    ).delete_bucket_cors(Bucket=gone.inputs["bucket"]),
    "aws:sqs/queue:Queue": lambda target, gone: target.client("sqs").delete_queue(QueueUrl=gone.id),
    "aws:sqs/queuePolicy:QueuePolicy": _nothing,
}


class _Redeployer(Deployer):
    """Creates what is not there, and updates the rest. `found` are the URNs of resources that remain."""

    def __init__(
        self, target: Target, standing: Mapping[str, RegisteredResource], visibility_seconds: int | None
    ) -> None:
        super().__init__(target)
        self._standing = standing
        self._visibility_seconds = visibility_seconds
        self.found: set[str] = set()

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        urn = next((urn for urn in URNS.get() if urn in self._standing), None)
        if urn is None:
            if self._visibility_seconds and "visibilityTimeoutSeconds" in args.inputs:
                args.inputs["visibilityTimeoutSeconds"] = self._visibility_seconds
            return super().new_resource(args)
        self.found.add(urn)
        standing, inputs = self._standing[urn], plain(args.inputs)
        created = {key: value for key, value in standing.outputs.items() if key not in plain(standing.inputs)}
        if standing.custom and (changed := _changed(standing, inputs)):
            self._update(args, standing, inputs, changed)
        return standing.id, {**without_assets(inputs), **created}

    def _update(
        self,
        args: MockResourceArgs,
        standing: RegisteredResource,
        inputs: Mapping[str, Any],
        changed: set[str],
    ) -> None:
        if args.typ in _SET_AGAIN:
            key = _SET_AGAIN[args.typ]
            named = {key: standing.id.rpartition(":")[2]} if key else {}
            again = MockResourceArgs(args.typ, args.name, {**named, **inputs}, args.provider, custom=True)
            super().new_resource(again)
            return
        update, covered = _UPDATES.get(args.typ, (None, ()))
        if changed - {*covered}:
            raise DeploymentError(
                f"a redeployment cannot change {sorted(changed - {*covered})} of {args.typ} '{args.name}': "
                "extend tests/e2e/redeployment.py"
            )
        assert update
        update(self.target, standing, inputs)


def _changed(standing: RegisteredResource, inputs: Mapping[str, Any]) -> set[str]:
    before = plain(standing.inputs)
    return {
        key
        for key in {*before, *inputs} - _WITHOUT_EFFECT.get(standing.type, set())
        if key == "code" or before.get(key) != inputs.get(key)
    }


def redeploy(
    system: System,
    config: Mapping[str, str],
    *,
    root: Path = PROJECT,
    run: Run = run_program,
    urn_of: Callable[[str], str] = str,
    visibility_seconds: int | None = None,
) -> System:
    """The system after a deployment with other configuration (keys without the project's name).

    `root` and `run` are those of another version's program. `urn_of` changes URNs of the state beforehand,
    as an operator may do with `pulumi stack export` and `import`. `visibility_seconds` is the visibility
    timeout of new queues: the emulator kills workers whose function is updated, and they hold messages.
    """
    standing = {urn_of(each.urn): each for each in system.deployment.resources}
    redeployer = _Redeployer(Target(clients=system.clients), standing, visibility_seconds)
    # As in every local deployment, the operator sees the images of all.
    config = {"adminPrincipals": json.dumps([operator_arn(redeployer.target)]), **config}
    overrides = {f"image-intake:{key}": value for key, value in config.items()}
    deployment = run(root, "dev", redeployer, overrides)
    for urn, each in reversed(standing.items()):
        if each.custom and urn not in redeployer.found:
            if each.type not in _DELETES:
                raise DeploymentError(f"a redeployment would delete {each.type} '{each.name}'")
            _DELETES[each.type](redeployer.target, each)
    update_operator(redeployer.target, stack_names(deployment))
    again = replace(system, deployment=deployment)
    vars(again)["api"] = system.api  # the client is the one that is closed in the end
    return again
