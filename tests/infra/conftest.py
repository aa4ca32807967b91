from functools import cache

import pytest

from local.mock_cloud import FakeCloud
from local.program import run_program
from tests.infra.registered import ROOT, Registered


@pytest.fixture(scope="session")
def dev() -> Registered:
    return Registered(run_program(ROOT, "dev", FakeCloud()))


@pytest.fixture(scope="session")
def prod() -> Registered:
    return Registered(run_program(ROOT, "prod", FakeCloud()))


@pytest.fixture(scope="session", params=["dev", "prod"])
def stack(request) -> Registered:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def registered():
    """Evaluate the dev stack with some keys set differently; each combination once."""

    @cache
    def evaluate(**values: str) -> Registered:
        overrides = {f"image-intake:{key}": value for key, value in values.items()}
        return Registered(run_program(ROOT, "dev", FakeCloud(), overrides))

    return evaluate
