"""The deliberate faults of `faults.toml`, and how each is applied."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """A line of a module and what stands there instead."""

    what: str
    module: str
    line: str
    broken: str

    @contextmanager
    def applied(self, project: Path) -> Iterator[None]:
        """Break the module in a copy of the project for the length of the block.

        Raises ValueError unless the line is there exactly once.
        """
        path = project / self.module
        text = path.read_text("utf-8")
        if text.count(self.line) != 1:
            raise ValueError(f"{self.module} has this {text.count(self.line)} times: {self.line}")
        path.write_text(text.replace(self.line, self.broken), "utf-8")
        try:
            yield
        finally:
            path.write_text(text, "utf-8")


FAULTS = tuple(
    Fault(**fault)
    for fault in tomllib.loads(Path(__file__).with_name("faults.toml").read_text("utf-8"))["fault"]
)
