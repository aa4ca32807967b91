"""One deployed system for the whole tier."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.system import System, deployed

SAMPLES = Path(__file__).parents[2] / "samples"
# Quick retries, so that five receives fit into a test.
QUICK = {"retryBaseSeconds": 1, "resizeTimeoutSeconds": 30, "recordSeconds": 3}


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with deployed(config=QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def photograph() -> bytes:
    return (SAMPLES / "dogs.jpg").read_bytes()
