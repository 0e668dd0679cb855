"""Requests to one target's API: within its budget, retried, and every failure an `ApiError`."""

import threading
from collections.abc import Mapping
from typing import Final

from exporter.api.budget import Budget
from exporter.api.decode import decode_page
from exporter.api.envelope import ListEndpoint
from exporter.api.expiry import expiry_of
from exporter.api.failures import error_of_response
from exporter.api.observer import Observer
from exporter.api.reservation import Reservation
from exporter.api.retry import Retrier
from exporter.api.transport import Transport
from exporter.clock import Clock
from exporter.config import Secret, Target
from exporter.durations import format_duration
from exporter.errors import ApiError, ConfigError, Reason, UnsentRequestError
from exporter.records import Page, Record
from exporter.redaction import Redactor

_OK: Final = 200


class ApiClient:
    """One target's API: its connections and its budget, which outlive walks.

    :param observer: counts the requests and retries.
    :param transport: sends the requests.
    """

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
        self.credential_expiry: float | None = None
        """When the credential that was last read expires, in Unix seconds; `None` if it does not say."""

    def __repr__(self) -> str:
        return f"ApiClient({self.target.name!r}, is_closed={self.is_closed})"

    def walk_client(self, seconds: float, reserved: int = 1) -> "WalkClient":
        """Return a client for one walk. The credential is read now.

        :param seconds: how long the walk may take. If the hour's budget spreads its requests over a longer
            time, the walk may take longer (`Budget.longest_walk`).
        :param reserved: the requests of the next walk, which retries must leave in the budget.
        :raises ApiError: with the reason `auth` if the credential cannot be read.
        """
        try:
            secret = self.target.credential.read()
        except ConfigError as error:
            raise ApiError(Reason.AUTH, str(error)) from error
        self.credential_expiry = expiry_of(secret)
        return WalkClient(self, secret, seconds, reserved)

    def close(self) -> None:
        """End every walk in progress and close the connections: nothing more is sent."""
        self.is_closed = True
        self.transport.close()


class WalkClient:
    """Sends the requests of one walk. Counts them and the pages. Safe for threads.

    :param secret: the credential.
    :param seconds: how long the walk may take.
    :param reserved: the requests of the next walk, which retries must leave in the budget.
    """

    def __init__(self, api: ApiClient, secret: Secret, seconds: float, reserved: int) -> None:
        self._api = api
        self._secret = secret
        self._counts = _Counts()
        self._time = _WalkTime(api, seconds)
        self._retry = Retrier(
            api.budget,
            api.observer,
            sleep=api.clock.sleep,
            seconds_left=self._seconds_left,
            reserved=reserved,
        )
        self.redact = Redactor(secret.reveal())
        """Returns text that the API chose as one short printable line without the credential."""

    def __repr__(self) -> str:
        return f"WalkClient({self._api.target.name!r}, {self._counts}, {self._time})"

    @property
    def requests(self) -> int:
        """The requests sent so far."""
        return self._counts.requests

    @property
    def pages(self) -> int:
        """The pages decoded so far."""
        return self._counts.pages

    @property
    def expected_pages(self) -> int | None:
        """The pages of the whole list by the API's count of records; `None` until a page has it."""
        return self._counts.expected_pages

    def fetch(self, endpoint: ListEndpoint[Record], marker: str | None, limit: int) -> bytes:
        """Return the body of one page.

        :param endpoint: the list to read.
        :param marker: the id after which the page begins; `None` for the first page.
        :param limit: the most records that the page may have.
        :raises ApiError: if no attempt succeeds.
        """
        query = {"limit": str(limit)} | ({"marker": marker} if marker else {})
        return self._retry(lambda is_retry: self._attempt(endpoint.path, query, is_retry=is_retry))

    def count_page(self, page: Page[Record]) -> None:
        """Count a page that was decoded from a body of `fetch`."""
        self._counts.add_page(page)

    def fetch_page(self, endpoint: ListEndpoint[Record], marker: str | None, limit: int) -> Page[Record]:
        """Fetch, decode and count one page: see `fetch` for `endpoint`, `marker` and `limit`.

        :raises ApiError: as `fetch` and `decode_page` do.
        """
        page = decode_page(endpoint, self.fetch(endpoint, marker, limit))
        self.count_page(page)
        return page

    def close(self) -> None:
        """End the walk: requests that wait for the budget are not sent."""
        self._time.end()

    def _attempt(self, path: str, query: Mapping[str, str], *, is_retry: bool) -> bytes:
        with self._reserve(is_retry=is_retry):
            seconds = min(self._seconds_left(), self._api.target.request_timeout)
            if seconds <= 0:
                raise UnsentRequestError(Reason.TIMEOUT, self._time.why_over())
            status, body = self._send(path, query, seconds)
        if status != _OK:
            raise error_of_response(status, body, self.redact)
        return body

    def _reserve(self, *, is_retry: bool) -> Reservation:
        """Wait until the budget allows a request."""
        budget = self._api.budget
        while (reservation := budget.take(retry=is_retry)) is None:
            wait = budget.seconds_until_request()
            if wait > self._seconds_left():
                text = f"not sent: the API's rate limit allows no request for another {format_duration(wait)}"
                raise ApiError(Reason.RATE_LIMITED, text)
            self._api.clock.sleep(wait)
        return reservation

    def _send(self, path: str, query: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
        self._counts.add_request()
        api, started = self._api, self._api.clock.monotonic()
        try:
            status, body = api.transport.get(path, query, self._secret, seconds, api.budget.observe)
        except ApiError as error:
            api.observer.requested(error.reason, api.clock.monotonic() - started)
            raise
        api.observer.requested(str(status), api.clock.monotonic() - started)
        return status, body

    def _seconds_left(self) -> float:
        return self._time.left(self.requests)


class _Counts:
    """What a walk has used so far. Safe for threads."""

    def __init__(self) -> None:
        self.requests = 0
        self.pages = 0
        self.expected_pages: int | None = None
        self._page_size = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"_Counts(requests={self.requests}, pages={self.pages})"

    def add_request(self) -> None:
        with self._lock:
            self.requests += 1

    def add_page(self, page: Page[Record]) -> None:
        with self._lock:
            self.pages += 1
            self._page_size = max(self._page_size, page.limit or page.length)
            if page.total is not None and self._page_size:
                self.expected_pages = -(-page.total // self._page_size)


class _WalkTime:
    """How long one walk may still send requests."""

    def __init__(self, api: ApiClient, seconds: float) -> None:
        self._api = api
        self._seconds = seconds
        self._started = api.clock.monotonic()
        self._is_ended = False

    def __repr__(self) -> str:
        return f"_WalkTime(seconds={self._seconds}, is_ended={self._is_ended})"

    def left(self, requests: int) -> float:
        """Return the seconds left to a walk that has sent this number of requests."""
        if self._is_ended or self._api.is_closed:
            return 0.0
        allowed = self._api.budget.longest_walk(self._seconds, requests)
        return self._started + allowed - self._api.clock.monotonic()

    def end(self) -> None:
        """Leave no time."""
        self._is_ended = True

    def why_over(self) -> str:
        if self._api.is_closed:
            return "the target was removed or reconfigured during the walk"
        return "the walk exceeded its time limit"
