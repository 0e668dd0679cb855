"""One walk's requests: the budget asked first, retried by the rules, every failure one `ApiError`."""

import threading
from collections.abc import Mapping
from itertools import count
from typing import Final, NoReturn, Protocol, cast

from tenacity import Future, RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from exporter.api.budget import Budget
from exporter.api.decode import Resource, decode_error, decode_page
from exporter.api.transport import ObserveHeaders
from exporter.clock import Clock
from exporter.config.credentials import Secret
from exporter.config.schema import Target
from exporter.durations import format_age
from exporter.errors import ApiError, ConfigError, Reason, UnsentRequestError
from exporter.records import Page, Record
from exporter.redaction import Redactor

OK: Final = 200
ATTEMPTS: Final = 3
STRETCH: Final = 2  # how many times what the budget's pace asks a walk may take
TRANSIENT: Final = frozenset({500, 502, 503, 504})
REASONS: Final = {401: Reason.AUTH, 403: Reason.FORBIDDEN, 429: Reason.RATE_LIMITED}
_backoff = wait_random_exponential(multiplier=0.5, max=2.0)


class Observer(Protocol):
    """Is told what the client did."""

    def requested(self, code: str, seconds: float) -> None:
        """Note a request: its HTTP status, or the reason why there is none."""

    def retried(self, reason: Reason) -> None:
        """Note that a request is made again."""


class Transport(Protocol):
    """Makes one exchange with the API."""

    def get(
        self, path: str, query: Mapping[str, str], secret: Secret, seconds: float, observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Return status and body within `seconds`; raise `ApiError`."""

    def close(self) -> None:
        """Close the connections."""


class ApiClient:
    """One target's API: its connections and its budget, which outlive a walk."""

    def __init__(
        self,
        target: Target,
        budget: Budget,
        observer: Observer,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self.target = target
        self.budget = budget
        self.observer = observer
        self.transport = transport
        self.clock = clock
        self.is_closed = False

    def client(self, seconds: float, next_walk: int = 1) -> "WalkClient":
        """Return a client for a walk of `seconds` at most, after which one of `next_walk` requests comes.

        Where the hour's budget paces its requests to longer than that, it may take twice as long as they ask.

        The credential is read here, anew for each walk; where it cannot be, that is an `ApiError` (`auth`).
        """
        try:
            secret = self.target.credential.read()
        except ConfigError as error:
            raise ApiError(Reason.AUTH, str(error)) from error
        return WalkClient(self, secret, seconds, next_walk)

    def close(self) -> None:
        """End every walk under way, and close the connections: nothing more is sent."""
        self.is_closed = True
        self.transport.close()


class WalkClient:
    """The requests of one walk; counts them, and the pages they brought."""

    def __init__(self, api: ApiClient, secret: Secret, seconds: float, next_walk: int) -> None:
        self._api = api
        self._secret = secret
        self._redact = Redactor(secret.reveal())
        self._seconds = seconds
        self._started = api.clock.monotonic()
        self._next_walk = next_walk
        self._lock = threading.Lock()
        self._closed = False
        self.requests = 0
        self.pages = 0

    def fetch(self, resource: Resource[Record], marker: str | None, limit: int) -> bytes:
        """Fetch one page's body; raise `ApiError`."""
        query = {"limit": str(limit)} | ({"marker": marker} if marker else {})
        tries = count()
        return self._retrying()(lambda: self._attempt(resource.path, query, is_retry=next(tries) > 0))

    def read(self, resource: Resource[Record], body: bytes) -> Page[Record]:
        """Decode and count a page; raise `ApiError`."""
        page = decode_page(resource, body)
        with self._lock:
            self.pages += 1
        return page

    def page(self, resource: Resource[Record], marker: str | None, limit: int) -> Page[Record]:
        """Fetch and read one page; raise `ApiError`."""
        return self.read(resource, self.fetch(resource, marker, limit))

    def redact(self, text: str) -> str:
        """Return text that the API chose as one short printable line without the credential."""
        return self._redact(text)

    def close(self) -> None:
        """End the walk: whatever still waits for its turn is not sent."""
        self._closed = True

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(_is_transient),
            wait=self._pause,
            stop=self._is_enough,
            before_sleep=self._note_retry,
            sleep=self._api.clock.sleep,
            reraise=True,
        )

    def _attempt(self, path: str, query: dict[str, str], *, is_retry: bool) -> bytes:
        self._await_budget(is_retry=is_retry)
        seconds = min(self._left(), self._api.target.request_timeout)
        if seconds <= 0:
            self._api.budget.cancel(retry=is_retry)
            raise ApiError(Reason.TIMEOUT, self._why_it_ends())
        try:
            status, body = self._observed(path, query, seconds)
        except UnsentRequestError:
            self._api.budget.cancel(retry=is_retry)
            raise
        except BaseException:
            self._api.budget.give_back()
            raise
        self._api.budget.give_back()
        return body if status == OK else self._refused(status, body)

    def _observed(self, path: str, query: dict[str, str], seconds: float) -> tuple[int, bytes]:
        with self._lock:
            self.requests += 1
        started = self._api.clock.monotonic()
        try:
            status, body = self._api.transport.get(
                path, query, self._secret, seconds, self._api.budget.observe
            )
        except ApiError as error:
            self._api.observer.requested(error.reason, self._api.clock.monotonic() - started)
            raise
        self._api.observer.requested(str(status), self._api.clock.monotonic() - started)
        return status, body

    def _await_budget(self, *, is_retry: bool) -> None:
        while wait := self._api.budget.take(retry=is_retry):
            if wait > self._left():
                text = f"the API's budget is used up for another {format_age(wait)}"
                raise ApiError(Reason.RATE_LIMITED, text)
            self._api.clock.sleep(wait)

    def _why_it_ends(self) -> str:
        closed = "the target was removed or changed"
        return closed if self._api.is_closed else "the walk took longer than it may"

    def _refused(self, status: int, body: bytes) -> NoReturn:
        message, request_id = decode_error(body)
        raise ApiError(
            REASONS.get(status) or _reason_of_class(status),
            self._redact(message) if message else _default_message(status),
            status=status,
            request_id=self._redact(request_id) if request_id else None,
        )

    def _pause(self, state: RetryCallState) -> float:
        return max(_backoff(state), self._api.budget.seconds_until_request())

    def _is_enough(self, state: RetryCallState) -> bool:
        if state.attempt_number >= ATTEMPTS or state.upcoming_sleep >= self._left():
            return True
        return not self._api.budget.allows_retry(self._next_walk)

    def _note_retry(self, state: RetryCallState) -> None:
        failure = cast("ApiError", cast("Future", state.outcome).exception())  # only these are retried
        self._api.observer.retried(failure.reason)

    def _left(self) -> float:
        allowed = max(self._seconds, STRETCH * self._api.budget.pace(self.requests))
        is_over = self._closed or self._api.is_closed
        return 0.0 if is_over else self._started + allowed - self._api.clock.monotonic()


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, ApiError) and (error.status in TRANSIENT or error.reason is Reason.CONNECTION)


def _reason_of_class(status: int) -> Reason:
    match status // 100:
        case 4:
            return Reason.CLIENT_ERROR
        case 5:
            return Reason.SERVER_ERROR
    return Reason.BAD_RESPONSE


def _default_message(status: int) -> str:
    if status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        return (
            "the API redirects; redirects are refused because they would send the credential elsewhere;"
            " is `url` right?"
        )
    return "the API gives no reason"
