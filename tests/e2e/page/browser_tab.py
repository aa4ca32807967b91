"""One tab with the page open, and what a person does in it and around it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, Route, expect

SAMPLES = Path(__file__).parents[3] / "local" / "samples"
PHOTOGRAPHS = [SAMPLES / name for name in ("dogs.jpg", "drum.jpg", "fig.jpg")]
PATIENCE = 30_000  # milliseconds, for what the whole pipeline does


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A tab, and the address of the page in it."""

    tab: Page
    url: str

    @cached_property
    def devtools(self) -> CDPSession:
        """What a person does outside the page: pull the plug, drag files in."""
        return self.tab.context.new_cdp_session(self.tab)

    @property
    def rows(self) -> Locator:
        return self.tab.locator("#rows > li")

    @property
    def tiles(self) -> Locator:
        return self.tab.locator("#tiles > li")

    def row(self, name: str) -> Locator:
        return self.rows.filter(has=self.tab.get_by_text(name, exact=True))

    def choose(self, *files: Any) -> None:
        """Choose files: paths, or dictionaries with `name`, `mimeType` and `buffer`."""
        self.tab.set_input_files("#files", list(files))

    def drop(self, *paths: Path) -> None:
        """Drag files and folders from the desktop onto the page."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})

    def network(self, *, offline: bool = False, upload: int = -1) -> None:
        """Switch the network of the tab off and on; `upload` limits it to so many bytes a second."""
        self.devtools.send("Network.enable")
        speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self.devtools.send("Network.emulateNetworkConditions", {"offline": offline, **speed})

    def held(self, address: Any) -> list[Route]:
        """The requests to an address from now on, which wait for their `continue_()`."""
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        self.tab.route(address, hold)
        return held

    def waits_for(self, what: Callable[[], bool]) -> None:
        """Let the browser go on until something is so."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not what() and time.monotonic() < deadline:
            self.tab.wait_for_timeout(20)
        assert what()

    def settled(self, count: int) -> None:
        """Wait until so many files are ready, refused or failed."""
        over = ", ".join(f'#rows > li[data-state="{state}"]' for state in ("ready", "refused", "failed"))
        expect(self.tab.locator(over)).to_have_count(count, timeout=PATIENCE)
