"""A project under the real engine, beside an emulator; skipped where there is no engine."""

import os
from collections.abc import Iterator

import pytest

from local.emulator import Emulator, emulator
from local.isolation import isolated
from local.program import load_config
from local.system import PROJECT
from tests.engine.engine import Engine, what_is_missing


@pytest.fixture(scope="session")
def cloud() -> Iterator[Emulator]:
    missing = what_is_missing()
    if missing:
        pytest.skip(f"the real engine is not run: {missing}")
    home = {name: os.environ[name] for name in ("PULUMI_HOME",) if name in os.environ}
    with isolated(os.environ):
        os.environ.update(home)  # that is where the plugins are
        # Over TLS: the provider sets the policies that refuse everyone else, root included.
        with emulator(region=load_config(PROJECT, "dev")["aws:region"], tls=True) as running:
            yield running


@pytest.fixture(scope="session")
def engine(cloud, tmp_path_factory) -> Engine:
    return Engine(cloud, tmp_path_factory.mktemp("engine"))
