"""Partial batch responses of functions that a stream feeds, which the emulator takes for success."""

from collections.abc import Callable, Mapping
from typing import Any

Execute = Callable[..., dict[str, Any]]


def honour_failures() -> None:
    """Have the emulator in this process deliver a batch again of which a function reports failures.

    AWS begins with the first record that failed, here all of the batch comes again: nothing is
    lost, and more is delivered twice.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    from ministack.services import lambda_svc  # noqa: PLC0415 - in the emulator's process only

    lambda_svc._execute_function = honouring(lambda_svc._execute_function)  # noqa: SLF001 - it has no hook


def honouring(execute: Execute) -> Execute:
    """What executes a function, for which a reported failure of a stream's record is an error."""

    def run(function: Any, event: Any, *others: Any) -> dict[str, Any]:
        result = execute(function, event, *others)
        body = result.get("body")
        if _is_of_stream(event) and isinstance(body, Mapping) and body.get("batchItemFailures"):
            return {**result, "error": True}
        return result

    return run


def _is_of_stream(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, Mapping) else None
    return any(record.get("eventSource") == "aws:dynamodb" for record in records or ())
