"""The dated price table."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_STAND_IN: Final = "us-east-1"


class UnknownRegion(LookupError):
    """The prices of a region are not in the table."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What one region charges, in US dollars, for what the names say."""

    lambda_gb_second: float
    lambda_million_calls: float
    api_million_requests: float
    sqs_million_requests: float
    dynamodb_million_writes: float
    dynamodb_million_reads: float
    dynamodb_gb_month: float
    s3_thousand_puts: float
    s3_thousand_gets: float
    s3_gb_month: float
    logs_gb: float
    xray_million_traces: float
    eventbridge_million_events: float
    cloudfront_million_requests: float
    cloudfront_gb: float


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """All regions whose prices are known as of `date` (year and month), from these pages of AWS."""

    date: str
    sources: dict[str, str]
    regions: dict[str, Prices]

    def of(self, region: str) -> Prices:
        """The prices of a region. Raises UnknownRegion if they are not in the table."""
        if region not in self.regions:
            raise UnknownRegion(f"The prices of {region} are not in the table.")
        return self.regions[region]

    def estimate(self, region: str) -> Prices:
        """The prices of a region; those of us-east-1 if they are not in the table."""
        return self.regions.get(region, self.regions[_STAND_IN])


@cache
def price_table() -> PriceTable:
    """The table."""
    table = tomllib.loads(Path(__file__).with_name("prices.toml").read_text("utf-8"))
    regions = {name: Prices(**prices) for name, prices in table["regions"].items()}
    return PriceTable(date=table["date"], sources=table["sources"], regions=regions)
