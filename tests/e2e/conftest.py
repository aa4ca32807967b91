"""One deployed system for the whole tier."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.system import System, deployed

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with deployed() as running:
        yield running


@pytest.fixture(scope="session")
def photograph() -> bytes:
    return (SAMPLES / "dogs.jpg").read_bytes()
