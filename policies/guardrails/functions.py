"""Functions are traced and run on a supported runtime."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from guardrails import resource_types
from guardrails.resource import Resource
from guardrails.rule import NIST, Control, resource_rule

# Deprecation dates of the managed Python runtimes, as of July 2026:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
DEPRECATED_ON: Final = {
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}


@resource_rule(
    "function-traced",
    resource_types.FUNCTION,
    fix="Set tracingConfig.mode to Active.",
    control=Control(ids=("Lambda.7",), standard=NIST),
)
def tracing(function: Resource) -> Iterator[str]:
    """A function is traced."""
    if function.section("tracingConfig").get("mode") != "Active":
        yield "is not traced"


@resource_rule(
    "function-runtime",
    resource_types.FUNCTION,
    fix="Move to a newer runtime. Dates are in guardrails.functions.DEPRECATED_ON.",
    control=Control(ids=("Lambda.2",)),
)
def runtime(function: Resource) -> Iterator[str]:
    """A function runs on a runtime that AWS has not deprecated."""
    if function.props.get("packageType", "Zip") == "Zip":
        yield from runtime_on(str(function.props.get("runtime")), datetime.now(UTC).date())


def runtime_on(identifier: str, today: date) -> Iterator[str]:
    """What is wrong with a runtime on that day."""
    deprecated = DEPRECATED_ON.get(identifier)
    if deprecated is None:
        yield f"runs on {identifier}, whose deprecation date is not known"
    elif today >= deprecated:
        yield f"runs on {identifier}, which AWS deprecated on {deprecated}"
