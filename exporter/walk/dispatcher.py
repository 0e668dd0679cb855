"""Sends requests for pages, as many at once as the pool allows."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from msgspec import Struct

from exporter.errors import ApiError, Reason
from exporter.records import Page, Record
from exporter.walk.page_size import Marker
from exporter.walk.pool import Pool

STOPS: Final = frozenset({Reason.AUTH, Reason.FORBIDDEN, Reason.RATE_LIMITED})
"""Failures that concern every request, not one page."""

Body = TypeVar("Body")
Fetch = Callable[[Marker, int], Body]
"""Fetch the body of the page after a marker, with this `limit`; raise `ApiError`."""


class Request(Struct, Generic[Record]):
    """A request for one page: queued, then in flight, then completed.

    `sent_index` and `received_index` count requests: how many had been sent before.
    """

    marker: Marker
    limit: int
    sent_index: int | None = None
    received_index: int = 0
    response: Page[Record] | ApiError | None = None

    def is_sent_after(self, moment: int) -> bool:
        """Whether this request was sent, or will be, after another one's `received_index`."""
        return self.sent_index is None or self.sent_index >= moment


Finished = tuple[Request[Record], Body | ApiError]


class Dispatcher(Generic[Body, Record]):
    """Sends queued requests through the pool. Only the walk's own thread may use it."""

    def __init__(self, fetch: Fetch[Body], pool: Pool) -> None:
        self._fetch = fetch
        self._pool = pool
        self._queue: OrderedDict[Marker, Request[Record]] = OrderedDict()
        self._in_flight: dict[Future[Body], Request[Record]] = {}
        self._sent = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(queued={len(self._queue)}, in_flight={len(self._in_flight)})"

    def add(self, request: Request[Record]) -> None:
        """Queue a request. It replaces a queued one for the same marker."""
        self._queue[request.marker] = request

    def prioritize(self, marker: Marker) -> None:
        """Send the request for `marker` next, if it is still queued."""
        if marker in self._queue:
            self._queue.move_to_end(marker, last=False)

    def clear(self) -> None:
        """Drop all queued requests."""
        self._queue.clear()

    def send(self) -> None:
        """Send as many queued requests as the pool has room for."""
        while self._queue and len(self._in_flight) < self._pool.size:
            _, request = self._queue.popitem(last=False)
            request.sent_index, self._sent = self._sent, self._sent + 1
            self._in_flight[self._pool.submit(self._fetch, request.marker, request.limit)] = request

    def finished(self) -> Iterator[Finished[Record, Body]]:
        """Yield the requests that are done, without waiting.

        :raises ApiError: for a failure that concerns every request.
        """
        return self._finish([future for future in self._in_flight if future.done()])

    def await_finished(self) -> Iterator[Finished[Record, Body]]:
        """Send what is queued, wait until at least one request is done, and yield those.

        :raises ApiError: for a failure that concerns every request.
        """
        self.send()
        return self._finish(self._pool.await_any(self._in_flight))

    def _finish(self, done: Iterable[Future[Body]]) -> Iterator[Finished[Record, Body]]:
        """Yield requests one by one, so that no body is kept longer than it takes to read it."""
        for future in done:
            request = self._in_flight.pop(future)
            request.received_index = self._sent
            outcome = _outcome(future)
            yield request, outcome


def _outcome(future: Future[Body]) -> Body | ApiError:
    try:
        return future.result()
    except ApiError as error:
        if error.reason in STOPS:
            raise
        return error
