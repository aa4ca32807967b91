"""The browser of this tier, and what happens where a program that tests need is missing."""

import os
import shutil
from typing import NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing(what: str) -> NoReturn:
    """Skip the test, with what is missing and how to get it; in CI nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def browser_path() -> str:
    """The path of the browser."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    return path or missing("pages are tested in Chromium: apt-get install chromium")
