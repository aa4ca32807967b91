"""The documented clients on a stack that anyone may use, and what builds and runs them.

`make test-e2e` installs the packages of `package-lock.json` and `requirements.txt`, which nothing but these
tests uses.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, sync_playwright

from local.system import PROJECT, System, deployed
from tests.e2e.browser import ARGUMENTS, browser_path, missing
from tests.e2e.clients.documented import program

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
LIMIT = 1_000_000  # bytes of an upload
IMAGES_AN_HOUR = 500
PAGE = '<!doctype html><meta charset="utf-8"><title>A page of our own</title><div id="root"></div>'


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The origin at which a folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder of the commands of the Node packages."""
    if shutil.which("node") is None:
        missing("the clients for JavaScript need Node and npm: apt-get install npm")
    if not PACKAGES.is_dir():
        missing("the packages of the clients are not installed: npm --prefix tests/e2e/clients ci")
    return PACKAGES / ".bin"


@pytest.fixture(scope="session")
def python_client_generator() -> Path:
    """The folder of the commands that the generator's environment has."""
    folder = PROJECT / ".venv-clients" / "bin"
    if not (folder / "openapi-python-client").exists():
        missing("openapi-python-client is not installed: make test-e2e does")
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the page's files."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def origin(site: Path) -> Iterator[str]:
    with _served(site) as served:
        yield served


@pytest.fixture(scope="session")
def open_system(origin: str) -> Iterator[System]:
    """A stack whose callers need no credentials, for pages of one origin."""
    config = {
        "apiAuth": "none",
        "corsOrigins": [origin],
        "maxUploadBytes": LIMIT,
        "uploadsPerHour": IMAGES_AN_HOUR,
    }
    with deployed(config=config) as running:
        yield running


@pytest.fixture(scope="session")
def api(open_system: System) -> str:
    return str(open_system.outputs["apiUrl"]).rstrip("/")


@pytest.fixture
def open_page(node: Path, site: Path, origin: str, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page with a documented program and the script that uses it."""
    wrong: list[str] = []

    def bundle_and_open(name: str, heading: str, script: str) -> Page:
        (tmp_path / f"documented.{name}").write_text(program(heading), "utf-8")
        (tmp_path / f"page.{name}").write_text(script, "utf-8")
        command = [
            node / "esbuild",
            f"page.{name}",
            "--bundle",
            "--jsx=automatic",
            f"--outfile={site}/page.js",
        ]
        environment = os.environ | {"NODE_PATH": str(PACKAGES)}
        built = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stderr
        (site / "index.html").write_text(f'{PAGE}<script src="page.js"></script>', "utf-8")
        tab = browser.new_page()
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.goto(origin)
        return tab

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=ARGUMENTS)
        yield bundle_and_open
        browser.close()
    assert wrong == []
