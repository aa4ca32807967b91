"""The programs of docs/clients.md, as they stand there."""

import re

from local.system import PROJECT

_TEXT = (PROJECT / "docs" / "clients.md").read_text("utf-8")


def program(heading: str) -> str:
    """The first program below a heading."""
    section = _TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = re.search(r"^```[a-z]+\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]
