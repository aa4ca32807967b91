"""A project under the real engine, beside an emulator; skipped where there is no engine, but not in CI."""

import os
from collections.abc import Iterator

import pytest

from local.aws_clients import Clients
from local.emulator import Emulator, emulator
from local.isolation import isolated
from local.program import load_config
from local.system import PROJECT
from tests.engine.engine import Engine
from tests.engine.requirements import missing


@pytest.fixture(scope="session")
def cloud() -> Iterator[Emulator]:
    if lines := missing():
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("the real engine is not run:\n" + "\n".join(lines))
    home = {name: os.environ[name] for name in ("PULUMI_HOME",) if name in os.environ}
    with isolated(os.environ):
        os.environ.update(home)  # that is where the plugins are
        # Over TLS: the provider sets the policies that refuse everyone else, root included.
        with emulator(region=load_config(PROJECT, "dev")["aws:region"], tls=True) as running:
            yield running


@pytest.fixture(scope="session")
def clients(cloud) -> Clients:
    return Clients(endpoint=cloud.endpoint, region=cloud.region, certificate=cloud.certificate)


@pytest.fixture(scope="session")
def engine(cloud, tmp_path_factory) -> Engine:
    return Engine(cloud, tmp_path_factory.mktemp("engine"))
