"""The questions of the runbook as saved queries of CloudWatch Logs Insights, from `queries.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Source = Literal["resize", "api", "publish", "delivery", "access"]
"""The log that is queried: that of a function, or the access log of the API. Not every stack has all."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """`question` is what the query answers."""

    name: str
    question: str
    source: Source
    text: str


QUERIES: Final = tuple(
    Query(name=name, **query)
    for name, query in tomllib.loads(Path(__file__).with_name("queries.toml").read_text("utf-8")).items()
)


def query(name: str) -> Query:
    """The query of that name. Raises StopIteration if there is none."""
    return next(each for each in QUERIES if each.name == name)
