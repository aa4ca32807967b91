"""How often and how long a call is repeated that failed for a reason that may pass."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event

from handlers.contract.backoff import retry_delay
from imagectl.contact import Contact

_Answer = TypeVar("_Answer")
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
# Nobody is spared by a longer pause while nobody can be reached.
LONGEST_PAUSE_UNREACHABLE_SECONDS = 10
_PROBLEM: Final = "application/problem+json"  # https://www.rfc-editor.org/rfc/rfc9457
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Transient(Exception):
    """A failure that may pass: the network, a busy or failing service. Its message says which.

    `unreachable` says that there was no answer at all.
    """

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


class Retry:
    """Repeats calls to `whom` with exponential back-off and full jitter until `stopping` is set.

    After so many attempts it gives up. If it is `patient` and nobody can be reached, it goes on for as
    long as `contact` has patience.
    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    def __init__(
        self,
        whom: str,
        *,
        attempts: int,
        stopping: threading.Event,
        contact: Contact,
        patient: bool = True,
    ) -> None:
        self._whom = whom
        self._attempts = attempts
        self._stopping = stopping
        self._contact = contact
        self._patient = patient
        self._retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            stop=self._gives_up,
            wait=_pause,
            sleep=sleep_using_event(stopping),
            before_sleep=self._note,
            reraise=True,
        )

    def __call__(self, call: Callable[[], _Answer]) -> _Answer:
        """What the call returns. Raises Transient when the last attempt did."""
        with self._contact.waiting(self._whom):
            answer = self._retrying(call)
        self._contact.heard()
        return answer

    def _gives_up(self, state: RetryCallState) -> bool:
        failure = _failure(state)
        unreachable = isinstance(failure, Transient) and failure.unreachable
        goes_on = self._patient and unreachable and self._contact.patient
        return self._stopping.is_set() or (state.attempt_number >= self._attempts and not goes_on)

    def _note(self, state: RetryCallState) -> None:
        self._contact.failed(str(_failure(state)), again_in=state.upcoming_sleep)


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _pause(state: RetryCallState) -> float:
    failure = _failure(state)
    unreachable = isinstance(failure, Transient) and failure.unreachable
    longest = LONGEST_PAUSE_UNREACHABLE_SECONDS if unreachable else LONGEST_PAUSE_SECONDS
    return retry_delay(state.attempt_number, FIRST_PAUSE_SECONDS, longest)


def answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The response to one attempt. Raises Transient for what may pass.

    A 429 of the gateway passes in a moment. One with a problem of the service is a quota: it is over
    when it says so, however often the request is repeated.
    """
    try:
        response = ask()
    except httpx.TransportError as error:
        raise Transient(str(error) or type(error).__name__, unreachable=True) from error
    quota = response.status_code == 429 and response.headers.get("content-type", "").startswith(_PROBLEM)
    if response.status_code in _PASSING and not quota:
        raise Transient(f"HTTP {response.status_code} {response.reason_phrase}")
    return response
