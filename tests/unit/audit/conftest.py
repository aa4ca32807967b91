"""The audit's own tools, which are in an environment apart."""

import os

import pytest

from audit import TOOLS


@pytest.fixture(scope="session")
def tools():
    if TOOLS.exists():
        return
    missing = "`make audit` and `make test-unit` install the tools of the audit"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
