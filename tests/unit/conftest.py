import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import settings
from moto import mock_aws

from tests.unit.dynamodb_rules import refuse_what_dynamodb_refuses
from tests.unit.world import REGION, World, create_table

# A slow machine is no failure, and a failure should be the same on every machine.
settings.register_profile("unit", deadline=None, derandomize=True)
settings.load_profile("unit")

_CREDENTIALS = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": REGION,
}


@pytest.fixture(scope="session")
def clients() -> dict[str, Any]:
    """One client a service for the whole session: they are expensive, and hold no state."""
    made = {
        name: boto3.client(name, config=config, **_CREDENTIALS)
        for name, config in {
            "s3": Config(signature_version="s3v4"),
            "dynamodb": Config(retries={"total_max_attempts": 1}),
            "sqs": Config(),
        }.items()
    }
    made["dynamodb"].meta.events.register("before-parameter-build.dynamodb", refuse_what_dynamodb_refuses)
    return made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS of its own for each test, and nothing of the host's configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws, clients: dict[str, Any]) -> Any:
    """A client of an AWS that has the table."""
    create_table(clients["dynamodb"])
    return clients["dynamodb"]


@pytest.fixture
def world(dynamodb, clients: dict[str, Any]) -> World:
    return World(s3=clients["s3"], dynamodb=dynamodb)
