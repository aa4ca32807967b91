"""A Python function: code, dependency layer, role, log group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import bundle
from components.base.component import Component
from components.base.iam import Grant, policy_document, trust_document
from components.base.key import Key
from components.config.stack import StackConfig

NAMESPACE = "image-intake"
"""Where the functions' own metrics are kept in CloudWatch."""


@dataclass(frozen=True, kw_only=True)
class PythonFunctionArgs:
    """`module` is the room in `handlers` that holds the entry point, and names the layer.

    `service` names the pipeline in logs and metrics. `key` encrypts code, environment and log.
    `environment` is added to the variables of every function; `grants` is all its role may do, beside
    writing its own log and traces. `reserved_concurrency` is taken from the account's pool for this
    function alone, and is the most it can have; 0 reserves none.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """

    module: str
    service: str
    key: Key
    description: str
    memory_mib: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]]
    grants: Sequence[Grant]
    config: StackConfig
    reserved_concurrency: int = 0


class PythonFunction(Component):
    """One Lambda function with its own role and a log group with retention."""

    function: aws.lambda_.Function
    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: PythonFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("PythonFunction", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-log",
            retention_in_days=args.config.log_retention_days,
            kms_key_id=args.key.arn,
            opts=child,
        )
        self.role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust_document("lambda.amazonaws.com"),
            permissions_boundary=args.config.permissions_boundary or None,
            opts=child,
        )
        grants = [*args.grants, *self._own_grants(), *_environment_grants(args.key)]
        permissions = aws.iam.RolePolicy(
            f"{name}-permissions",
            role=self.role.name,
            policy=policy_document([each for grant in grants for each in grant.statements()]),
            opts=child,
        )
        layers = [
            aws.lambda_.LayerVersion(
                f"{name}-layer" if layer == args.module else f"{name}-{layer}-layer",
                # Layers are not auto-named, and two stacks may share an account.
                layer_name=f"{args.service}-{layer}",
                description=f"Dependencies of handlers.{args.module}",
                code=pulumi.FileArchive(str(bundle.layer_archive(layer))),
                compatible_runtimes=[bundle.RUNTIME],
                compatible_architectures=[bundle.ARCHITECTURE],
                opts=child,
            )
            for layer in bundle.LAYERS[args.module]
        ]
        self.function = aws.lambda_.Function(
            name,
            description=args.description,
            code=pulumi.FileArchive(str(bundle.code_archive(args.module))),
            handler=f"handlers.{args.module}.entry_point.handler",
            runtime=bundle.RUNTIME,
            architectures=[bundle.ARCHITECTURE],
            layers=[layer.arn for layer in layers],
            memory_size=args.memory_mib,
            timeout=args.timeout_seconds,
            # For Lambda, 0 would be a function that never runs.
            reserved_concurrent_executions=args.reserved_concurrency or None,
            role=self.role.arn,
            kms_key_arn=args.key.arn,
            source_kms_key_arn=args.key.arn,
            environment={
                "variables": {**_powertools(args.service, args.config.log_level), **args.environment}
            },
            logging_config=_logging(self.log_group, args.config.log_level),
            tracing_config={"mode": "Active"},
            # The role can do its work before the first call; the mapping of the queue checks that.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
        self.name, self.arn = self.function.name, self.function.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _own_grants(self) -> list[Grant]:
        return [
            Grant(
                actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                resources=(pulumi.Output.concat(self.log_group.arn, ":*"),),
                why="writes its own log",
            ),
            Grant(
                # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
                actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
                resources=("*",),
                why="writes traces, for which AWS has no finer grain than everything",
            ),
        ]


def _environment_grants(key: Key) -> tuple[Grant, ...]:
    """Reading the function's own environment, which Lambda decrypts for the role.

    Whoever deploys the function lets Lambda do that by a grant of KMS too, but that one is for this
    role as it was: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    return key.use("lambda", "kms:Decrypt")


def _powertools(service: str, log_level: str) -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": log_level,
    }


def _logging(log_group: aws.cloudwatch.LogGroup, log_level: str) -> Any:
    # Lambda drops lines below its own level, metrics among them: it never stands above INFO.
    return {
        "log_format": "JSON",
        "log_group": log_group.name,
        "application_log_level": "DEBUG" if log_level == "DEBUG" else "INFO",
        "system_log_level": "INFO",
    }
