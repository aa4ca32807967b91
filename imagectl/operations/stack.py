"""The deployed stack that an operator works on: the names of its parts, and clients for them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handlers.contract.presets import PresetError, preset_hash
from handlers.contract.settings import ApiSettings, ResizeSettings, Settings, SettingsError, load
from imagectl.address import stack_outputs
from imagectl.errors import CannotContinue
from imagectl.shared_options import Command, provided

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_PANEL: Final = "Stack"
# An operator's tool may wait out a throttled service.
_CONFIG: Final = Config(retries={"mode": "standard", "total_max_attempts": 8}, max_pool_connections=16)
_OUTPUTS: Final = {
    "queue_url": "queueUrl",
    "express_queue_url": "expressQueueUrl",
    "dead_letter_url": "deadLetterQueueUrl",
    "originals": "originalsBucket",
    "variants": "variantsBucket",
    "table": "tableName",
    "function": "resizeFunctionName",
    "api_function": "apiFunctionName",
    "bus": "eventBusName",
}
_EXPRESS_LANE: Final = "expressLane"


class StackUnusable(CannotContinue):
    """The stack cannot be found, or AWS does not let the operator in."""


@dataclass(frozen=True)
class DeployedStack:
    """The names of a stack's parts; `endpoint` is None for AWS itself.

    `queue_url` is that of the bulk lane; `express_lane` says whether the express queue has a consumer.
    """

    queue_url: str
    express_queue_url: str
    dead_letter_url: str
    originals: str
    variants: str
    table: str
    function: str
    api_function: str
    bus: str
    express_lane: bool
    region: str | None = None
    endpoint: str | None = None

    @cached_property
    def sqs(self) -> "SQSClient":
        """The queues."""
        client: SQSClient = self.client("sqs")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        """The buckets."""
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The table."""
        client: DynamoDBClient = self.client("dynamodb")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        """The bus."""
        client: EventBridgeClient = self.client("events")
        return client

    def client(self, service: str) -> Any:
        """A client of any service, with the credentials that the AWS chain finds."""
        config = _CONFIG
        if service == "s3" and (self.endpoint or os.environ.get("AWS_ENDPOINT_URL")):
            # Names of buckets resolve as host names with AWS alone.
            config = config.merge(Config(s3={"addressing_style": "path"}))
        endpoint = None if os.environ.get("AWS_ENDPOINT_URL") else self.endpoint
        region = self.region or os.environ.get("AWS_REGION")
        return boto3.client(service, region_name=region, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]  # any service, by name

    @cached_property
    def configuration(self) -> Mapping[str, Any]:
        """The configuration of the resize function, from Lambda."""
        configuration: Mapping[str, Any] = self.client("lambda").get_function_configuration(
            FunctionName=self.function
        )
        return configuration

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The environment of the resize function. Raises StackUnusable if the caller may not read it."""
        return _environment(self.function, self.configuration)

    @cached_property
    def settings(self) -> ResizeSettings:
        """The settings of the resize function. Raises StackUnusable if it is not our function."""
        return _settings(ResizeSettings, self.function, self.environment)

    @cached_property
    def api_settings(self) -> ApiSettings:
        """The settings of the API function. Raises StackUnusable if it is not our function."""
        found = self.client("lambda").get_function_configuration(FunctionName=self.api_function)
        return _settings(ApiSettings, self.api_function, _environment(self.api_function, found))

    def preset_hash(self, lines: tuple[str, ...] = ()) -> str:
        """The hash of the presets in `lines`, or of those that the function renders with now."""
        try:
            return preset_hash(self.settings.recipes_of(lines or self.settings.presets))
        except PresetError as error:
            raise StackUnusable(str(error)) from error


def _environment(function: str, configuration: Mapping[str, Any]) -> Mapping[str, str]:
    environment = configuration.get("Environment", {})
    # https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
    if refused := environment.get("Error"):
        raise StackUnusable(
            f"Lambda does not return the environment of {function}: {refused.get('Message')}",
            "docs/operating.md lists the rights that each command needs.",
        )
    variables: Mapping[str, str] = environment.get("Variables", {})
    return variables


def _settings(kind: type[Settings], function: str, environment: Mapping[str, str]) -> Settings:
    try:
        return load(kind, environment)
    except SettingsError as error:
        raise StackUnusable(f"{function} is not a function of this version: {error}") from error


def find_stack(*, outputs: str | None, stack: str | None, region: str | None) -> DeployedStack:
    """The stack whose outputs these are. Raises StackUnusable if they are not those of this service."""
    found, source = stack_outputs(outputs=outputs, stack=stack)
    missing = sorted(name for name in _OUTPUTS.values() if not isinstance(found.get(name), str))
    if missing:
        raise StackUnusable(f"{source} has no output {', '.join(missing)}.")
    names = {field: found[name] for field, name in _OUTPUTS.items()}
    return DeployedStack(
        **names,
        express_lane=bool(found.get(_EXPRESS_LANE)),
        region=region or found.get("region"),
        endpoint=found.get("endpointUrl"),
    )


@contextmanager
def _operated(
    *,
    outputs: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="The stack's outputs as `pulumi stack output --json` writes them; - reads standard "
            "input. [env var: IMAGECTL_OUTPUTS]",
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=_PANEL, help="Ask pulumi for the outputs of this stack."
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION", rich_help_panel=_PANEL, help="The stack's AWS region."),
    ] = None,
) -> Iterator[DeployedStack]:
    try:
        yield find_stack(outputs=outputs, stack=stack, region=region)
    except ClientError as error:
        said = error.response.get("Error", {})
        raise StackUnusable(
            f"AWS refuses {error.operation_name}: {said.get('Code')}: {said.get('Message')}",
            "docs/operating.md lists the rights that each command needs.",
        ) from error
    except BotoCoreError as error:
        raise StackUnusable(f"AWS cannot be used: {error}") from error


def operating(command: Command) -> Command:
    """Make a typer command of a function that takes a Stack as `target`."""
    return provided("target", _operated)(command)
