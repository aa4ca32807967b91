import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from hypothesis import settings
from moto import mock_aws

from handlers.api import entry_point as api_function
from handlers.contract.settings import ApiSettings, variables
from tests.unit.dynamodb_rules import refuse_what_dynamodb_refuses
from tests.unit.resize_environment import REGION, World, api_settings, create_tables

# A slow machine is no failure, and a failure should be the same on every machine.
settings.register_profile("unit", deadline=None, derandomize=True)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def clients() -> dict[str, Any]:
    """One client a service for the whole session: they are expensive, and hold no state."""
    configs = {
        "s3": Config(signature_version="s3v4"),
        "dynamodb": Config(retries={"total_max_attempts": 1}),
        "dynamodbstreams": Config(),
        "events": Config(),
        "sqs": Config(),
    }
    with pytest.MonkeyPatch.context() as environment:
        forget_the_host(environment)
        made = {name: boto3.client(name, config=config) for name, config in configs.items()}
    made["dynamodb"].meta.events.register("before-parameter-build.dynamodb", refuse_what_dynamodb_refuses)
    return made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS of its own for each test."""
    forget_the_host(monkeypatch)
    with mock_aws():
        yield


def forget_the_host(environment: pytest.MonkeyPatch) -> None:
    """Put made-up credentials and a region in place of the host's AWS configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        environment.delenv(name)
    environment.setattr(boto3, "DEFAULT_SESSION", None)
    environment.setenv("AWS_CONFIG_FILE", os.devnull)
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    environment.setenv("AWS_ACCESS_KEY_ID", "testing")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    environment.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def dynamodb(aws, clients: dict[str, Any]) -> Any:
    """A client of an AWS that has the tables."""
    create_tables(clients["dynamodb"])
    return clients["dynamodb"]


@pytest.fixture
def world(dynamodb, clients: dict[str, Any]) -> World:
    return World(s3=clients["s3"], dynamodb=dynamodb)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of this test's own: Powertools keeps a logger, and where it writes to, by its service."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"service-{uuid4()}")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ImageIntake")


@pytest.fixture
def api(world: World, service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API function with its usual settings, composed by the first test that calls it."""
    set_api_environment(monkeypatch)


@pytest.fixture
def api_with(api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Composes the API function of this test alone, with the changes given to its settings."""

    def configure(**changes: Any) -> None:
        set_api_environment(monkeypatch, **changes)
        api_function.compose.cache_clear()

    yield configure
    api_function.compose.cache_clear()


def set_api_environment(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    for name, value in variables(ApiSettings, api_settings(**changes)).items():
        monkeypatch.setenv(name, value)
