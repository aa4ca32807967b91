"""The page in a real browser, on a stack of its own that anyone may use."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from local.system import System, deployed
from tests.e2e.browser import ARGUMENTS, browser_path
from tests.e2e.page.browser_tab import Visit
from tests.e2e.page.network import Wire, wire_to

# All tests are one caller, and together send more than its usual express allowance.
CONFIG = {"apiAuth": "none", "page": True, "expressPerHour": 1000}


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return browser_path()


@pytest.fixture(scope="session")
def page_system(chromium_path: str) -> Iterator[System]:
    with deployed(config=CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(chromium_path: str, page_system: System) -> Iterator[tuple[Browser, Wire]]:
    """The browser, and the wire that connects it to the stack."""
    # Not for the whole session: Playwright keeps an event loop running in this thread, which
    # would keep the program of another stack from being run.
    service = urlsplit(page_system.endpoint)
    with wire_to(service.port) as wire, sync_playwright() as playwright:
        rules = ",".join(
            f"MAP {host}:{service.port} {service.hostname}:{wire.port}"
            for host in (service.hostname, "localhost")
        )
        arguments = [*ARGUMENTS, f"--host-resolver-rules={rules}"]
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser, wire
        browser.close()


@pytest.fixture
def wire(chromium: tuple[Browser, Wire]) -> Iterator[Wire]:
    """What a person would pull out of the wall; it is whole again after the test."""
    _, wire = chromium
    yield wire
    wire.mend()


@pytest.fixture
def context(chromium: tuple[Browser, Wire]) -> Iterator[BrowserContext]:
    browser, _ = chromium
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB") as fresh:
        yield fresh


@pytest.fixture
def visit(page_system: System, context: BrowserContext) -> Iterator[Callable[..., Visit]]:
    """Opens the page; nothing it does may violate its policy or end in an error of its scripts."""
    wrong: list[str] = []

    def open_page(fragment: str = "") -> Visit:
        tab = context.new_page()
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda message: "Security Policy" in message.text and wrong.append(message.text))
        tab.on("dialog", lambda dialog: dialog.type == "beforeunload" or wrong.append(dialog.message))
        # Another name of the same host: uploads to the storage cross origins, as they do on AWS.
        url = str(page_system.outputs["apiUrl"]).replace("127.0.0.1", "localhost") + "/"
        tab.goto(f"{url}{fragment}")
        return Visit(tab=tab, url=url)

    yield open_page
    assert wrong == []


@pytest.fixture
def page(visit: Callable[..., Visit]) -> Visit:
    """The page, just opened."""
    return visit()


@pytest.fixture(scope="session")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that only its name makes an image."""
    path = tmp_path_factory.mktemp("fake") / "holiday.jpg"
    path.write_text("Dear diary, today I was no image again.")
    return path
