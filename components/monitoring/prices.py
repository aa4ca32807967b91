"""What uses of AWS cost, for the estimate on the dashboard: the price table of `imagectl plan`."""

import tomllib
from functools import cache
from typing import Final

from components.bundle import ROOT

_TABLE: Final = ROOT / "imagectl" / "planning" / "prices.toml"
_ELSEWHERE: Final = "us-east-1"
"""The region whose prices stand in for those of a region that is not in the table."""


@cache
def _regions() -> dict[str, dict[str, float]]:
    regions: dict[str, dict[str, float]] = tomllib.loads(_TABLE.read_text("utf-8"))["regions"]
    return regions


def prices(region: str) -> dict[str, float]:
    """US dollars by what they are for, as the table names it (`lambda_gb_second`, `s3_thousand_puts`)."""
    return _regions().get(region, _regions()[_ELSEWHERE])
