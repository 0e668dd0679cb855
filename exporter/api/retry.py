"""Repeats requests that failed for a passing reason."""

from collections.abc import Callable
from itertools import count
from typing import Final, TypeVar, cast

from tenacity import Future, RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from exporter.api.budget import Budget
from exporter.api.observer import Observer
from exporter.errors import ApiError, Reason

ATTEMPTS: Final = 3
RETRIED_STATUSES: Final = frozenset({500, 502, 503, 504})
_backoff = wait_random_exponential(multiplier=0.5, max=2.0)

Result = TypeVar("Result")


class Retrier:
    """Tries a request up to `ATTEMPTS` times, with exponential back-off and jitter.

    :param observer: counts the retries.
    :param sleep: sleeps for some seconds.
    :param seconds_left: returns how long the walk may still take. A retry begins within that time.
    :param reserved: the requests of the next walk, which retries must leave in the budget.
    """

    def __init__(
        self,
        budget: Budget,
        observer: Observer,
        *,
        sleep: Callable[[float], None],
        seconds_left: Callable[[], float],
        reserved: int,
    ) -> None:
        self._budget = budget
        self._observer = observer
        self._sleep = sleep
        self._seconds_left = seconds_left
        self._reserved = reserved

    def __repr__(self) -> str:
        return f"Retrier(reserved={self._reserved})"

    def __call__(self, attempt: Callable[[bool], Result]) -> Result:
        """Return the first result of `attempt`.

        :param attempt: sends the request; receives whether it is a retry.
        :raises ApiError: the last one, if no attempt succeeds.
        """
        attempts = Retrying(
            retry=retry_if_exception(_is_transient),
            wait=self._pause,
            stop=self._must_stop,
            before_sleep=self._record,
            sleep=self._sleep,
            reraise=True,
        )
        number = count()
        return attempts(lambda: attempt(next(number) > 0))

    def _pause(self, state: RetryCallState) -> float:
        return max(_backoff(state), self._budget.seconds_until_request())

    def _must_stop(self, state: RetryCallState) -> bool:
        if state.attempt_number >= ATTEMPTS or state.upcoming_sleep >= self._seconds_left():
            return True
        return not self._budget.allows_retry(self._reserved)

    def _record(self, state: RetryCallState) -> None:
        failure = cast("ApiError", cast("Future", state.outcome).exception())  # only these are retried
        self._observer.retried(failure.reason)


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, ApiError) and (
        error.status in RETRIED_STATUSES or error.reason is Reason.CONNECTION
    )
