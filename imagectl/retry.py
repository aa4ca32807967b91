"""How often and how long a call is repeated that failed for a reason that may pass."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
)

from handlers.contract.backoff import retry_delay

_Answer = TypeVar("_Answer")
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
_PROBLEM: Final = "application/problem+json"  # https://www.rfc-editor.org/rfc/rfc9457
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Transient(Exception):
    """A failure that may pass: the network, a busy or failing service. Its message says which."""


class Retry:
    """Repeats calls with exponential back-off and full jitter until `stopping` is set.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    def __init__(self, *, attempts: int, stopping: threading.Event) -> None:
        self._retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(attempts) | stop_when_event_set(stopping),
            wait=lambda state: retry_delay(state.attempt_number, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS),
            sleep=sleep_using_event(stopping),
            reraise=True,
        )

    def __call__(self, call: Callable[[], _Answer]) -> _Answer:
        """What the call returns. Raises Transient when the last attempt did."""
        return self._retrying(call)


def answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The response to one attempt. Raises Transient for what may pass.

    A 429 of the gateway passes in a moment. One with a problem of the service is a quota: it is over
    when it says so, however often the request is repeated.
    """
    try:
        response = ask()
    except httpx.TransportError as error:
        raise Transient(str(error) or type(error).__name__) from error
    quota = response.status_code == 429 and response.headers.get("content-type", "").startswith(_PROBLEM)
    if response.status_code in _PASSING and not quota:
        raise Transient(f"HTTP {response.status_code} {response.reason_phrase}")
    return response
