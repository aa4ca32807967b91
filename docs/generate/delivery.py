"""The prices in `docs/delivery.md`, from the price table."""

from pathlib import Path
from typing import Final

from docs.generate.sections import DOCS, table, with_section
from pricing.prices import Prices, price_table

_VIEWS: Final = 10_000_000
# Bytes of the default presets' variants of a photograph, rounded up.
_SIZES: Final = {"thumbnail": 5_000, "small": 30_000, "large": 150_000}
# A view is a request for the permanent URL and one for the variant.
_REQUESTS_A_VIEW: Final = 2
_MISSES: Final = {"one view in twenty": 0.05, "every view": 1.0}
# Half a GiB for as long as a call takes, roughly.
_GB_SECONDS_A_CALL: Final = 0.5 * 0.006
_GIGABIT_BYTES: Final = 125_000_000
_HOUR: Final = 3600
# Of a distribution, unless it is raised: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_MOST_REQUESTS_A_SECOND: Final = 250_000
_MOST_GIGABITS: Final = 150

Rows = list[list[str]]


def documents() -> dict[Path, str]:
    """The document on permanent URLs with its tables."""
    path = DOCS / "delivery.md"
    prices = price_table().of("us-east-1")
    text = with_section(path.read_text("utf-8"), "views", table(_views(prices)))
    return {path: with_section(text, "hostile", table(_hostile(prices)))}


def _views(prices: Prices) -> Rows:
    head = ["10 million views of", "transfer", "requests", *(f"origins, {share}" for share in _MISSES), "all"]
    requests = _REQUESTS_A_VIEW * _VIEWS * prices.cloudfront_million_requests / 1e6
    rows = [head]
    for name, size in _SIZES.items():
        transfer = _VIEWS * size / 1e9 * prices.cloudfront_gb
        origins = [_VIEWS * share * _miss(prices) for share in _MISSES.values()]
        total = " to ".join(_dollars(transfer + requests + each) for each in sorted(origins))
        rows.append(
            [f"`{name}`, {size / 1000:.0f} KB", *map(_dollars, (transfer, requests, *origins)), total]
        )
    return rows


def _hostile(prices: Prices) -> Rows:
    guess = prices.cloudfront_million_requests / 1e6 + _call(prices)
    gigabit = _GIGABIT_BYTES * _HOUR / 1e9 * prices.cloudfront_gb
    most = _MOST_REQUESTS_A_SECOND * _HOUR * prices.cloudfront_million_requests / 1e6
    return [
        ["what a viewer does", "costs you"],
        ["guesses a million ids", _dollars(1e6 * guess)],
        ["downloads variants for an hour at 1 Gbit/s", _dollars(gigabit)],
        [
            f"makes {_MOST_REQUESTS_A_SECOND:,} requests per second, CloudFront's limit, for an hour",
            _dollars(most),
        ],
        [
            f"downloads at {_MOST_GIGABITS} Gbit/s, CloudFront's limit, for an hour",
            _dollars(_MOST_GIGABITS * gigabit),
        ],
    ]


def _miss(prices: Prices) -> float:
    """What a view costs beyond CloudFront that finds nothing in a cache: a call, a read, a GET from S3."""
    return _call(prices) + prices.s3_thousand_gets / 1e3


def _call(prices: Prices) -> float:
    calls = prices.lambda_million_calls / 1e6 + _GB_SECONDS_A_CALL * prices.lambda_gb_second
    return calls + prices.dynamodb_million_reads / 1e6


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"
