"""Sections of documents that are generated: the text between two markers."""

from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[1]


def with_section(document: str, name: str, inside: str) -> str:
    """A document with `inside` between its markers called `name`. Raises ValueError if it has none."""
    begin, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- /{name} -->"
    before, found, rest = document.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the document has no section {name}: {begin!r} … {end!r}")
    return f"{before}{begin}{inside}{end}{after}"


def table(rows: list[list[str]]) -> str:
    """A Markdown table; the first row is its head."""
    head, *others = rows
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *others))
