"""A cache of pages that were requested before the walk reached them."""

from collections.abc import Callable, Iterable
from typing import Generic

from exporter.errors import ApiError
from exporter.records import Page, Record
from exporter.walk.dispatcher import Body, Dispatcher, Request
from exporter.walk.page_size import Marker

Read = Callable[[Body], Page[Record]]
"""Decode a body; raise `ApiError`."""


class PageCache(Generic[Body, Record]):
    """Pages by their marker, each requested ahead and used once.

    `limit` is the page size of new requests. `longest_page` is the length of the longest page so far: the
    API may put fewer records on a page than requested.
    """

    def __init__(self, dispatcher: Dispatcher[Body, Record], read: Read[Body, Record], limit: int) -> None:
        self.limit = limit
        self.longest_page = 0
        self._dispatcher = dispatcher
        self._read = read
        self._requests: dict[Marker, Request[Record]] = {}
        self._planned: set[Marker] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(requests={len(self._requests)}, {self._dispatcher})"

    def __contains__(self, marker: Marker) -> bool:
        return marker in self._requests

    def __len__(self) -> int:
        return len(self._requests)

    def plan(self, markers: Iterable[Marker]) -> None:
        """Record markers whose pages will be requested, so that no page continues ahead to them."""
        self._planned.update(markers)

    def request(self, marker: Marker) -> None:
        """Queue a request. It replaces an earlier one for the same marker."""
        request = Request[Record](marker, self.limit)
        self._requests[marker] = request
        self._dispatcher.add(request)
        self._planned.add(marker)

    def is_sent_after(self, marker: Marker, moment: int) -> bool:
        """Whether the request for a marker was sent, or will be, after another one's `received_index`."""
        return self._requests[marker].is_sent_after(moment)

    def take(self, marker: Marker) -> Request[Record]:
        """Remove a marker's request and return it once it has a response.

        :raises ApiError: for a failure that concerns every request. Any other one is the response.
        """
        request = self._requests[marker]
        self._dispatcher.prioritize(marker)
        self._keep(self._dispatcher.finished())
        self._dispatcher.send()
        while request.response is None:
            self._keep(self._dispatcher.await_finished())
        del self._requests[marker]
        return request

    def restart(self, limit: int) -> None:
        """Forget all requests and pages; request `limit` records from now on."""
        self.limit = limit
        self._dispatcher.clear()
        self._requests.clear()

    def _keep(self, finished: Iterable[tuple[Request[Record], Body | ApiError]]) -> None:
        """Decode and keep the pages that were not replaced."""
        for request, body in finished:
            if self._requests.get(request.marker) is request:
                request.response = body if isinstance(body, ApiError) else self._decoded(body)

    def _decoded(self, body: Body) -> Page[Record] | ApiError:
        try:
            page = self._read(body)
        except ApiError as error:
            return error
        self.longest_page = max(self.longest_page, page.length)
        self._continue_ahead(page)
        return page

    def _continue_ahead(self, page: Page[Record]) -> None:
        """Request what follows a page that reaches no planned marker, without waiting for the walk."""
        if not page.markers or page.markers[0] in self._planned or not page.claims_more(self.limit):
            return
        if self._planned.isdisjoint(record.id for record in page.records):
            self.request(page.markers[0])
            self._dispatcher.prioritize(page.markers[0])
