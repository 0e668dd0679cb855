"""Serves the pages of a walk, from the cache if a sequential walk could have read the same page."""

from typing import Generic

from msgspec import Struct
from msgspec.structs import replace

from exporter.errors import ApiError
from exporter.records import Page, Record
from exporter.walk.boundaries import BoundaryRecorder, PageBoundaries
from exporter.walk.dispatcher import Body, Request
from exporter.walk.page_cache import PageCache
from exporter.walk.page_size import Marker
from exporter.walk.request_order import RequestOrder
from exporter.walk.split_page import split


class Arrival(Struct, Generic[Record], frozen=True):
    """A received page.

    `received_index` is that of its request. `is_in_order`: all pages before it had been received when it was
    requested.
    """

    page: Page[Record]
    received_index: int
    is_in_order: bool


class Continuation(Struct, Generic[Record], frozen=True):
    """A cached page that continues the page before it.

    `rest` is the part of the page before it that follows `marker`, if it was cut there.
    """

    marker: Marker
    rest: Arrival[Record] | None = None


class Prefetcher(Generic[Body, Record]):
    """The `FetchPage` of a concurrent walk.

    The next page either continues the page before it and is in the cache, or needs a new request.
    """

    def __init__(self, cache: PageCache[Body, Record], known: PageBoundaries) -> None:
        self._cache = cache
        self._known = known
        self._recorder = BoundaryRecorder[Record](known)
        self._order = RequestOrder[Record]()
        self._next: Continuation[Record] | None = Continuation(None)
        self._request_ahead()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(next={self._next and self._next.marker!r}, {self._cache})"

    @property
    def boundaries(self) -> PageBoundaries:
        """The page boundaries of this walk, up to the page served last."""
        return self._recorder.boundaries

    def page(self, marker: Marker, limit: int) -> Page[Record]:
        """Return the page after a marker; if it holds a trusted page's marker, only up to there.

        :raises ApiError: if this page cannot be read, or if the failure of any request concerns all of them.
        """
        if limit != self._cache.limit:
            self._restart(limit)
        page = self._until_continuation(self._arrival(marker))
        is_last = not page.claims_more(limit)
        self._recorder.add(page, self._cache.longest_page, is_last=is_last)
        page = replace(page, total=self._order.highest_total)
        if is_last and page.length:
            self._restart(limit)
        return page

    def _request_ahead(self) -> None:
        """Request the head and the pages behind the known boundaries.

        Where an updated record may move to the tail, the last page must be requested last.
        """
        markers = list(self._known.records)
        for marker in (None, *(markers if self._known.newest_first else markers[:-1])):
            self._cache.request(marker)
        self._cache.plan(markers)

    def _restart(self, limit: int) -> None:
        """Discard everything that was requested ahead, and use the totals of later pages only."""
        self._cache.restart(limit)
        self._order = RequestOrder[Record]()
        self._next = None

    def _arrival(self, marker: Marker) -> Arrival[Record]:
        """Return the page after `marker`: a new one where the cached one may be out of date."""
        expected, self._next = self._next, None
        if expected is None or expected.marker != marker:
            return self._requested_now(marker)
        request = self._cache.take(marker)
        if expected.rest is not None and not _shares_records(request.response, expected.rest.page):
            arrival = expected.rest  # the marker died before its page was requested
        else:
            arrival = self._received(request)
        return self._requested_now(marker) if self._may_lack_records(arrival) else arrival

    def _requested_now(self, marker: Marker) -> Arrival[Record]:
        self._cache.request(marker)
        return self._received(self._cache.take(marker))

    def _received(self, request: Request[Record]) -> Arrival[Record]:
        if not isinstance(request.response, Page):
            raise request.response or AssertionError("the request has no response")
        is_in_order = self._order.add(request, request.response)
        return Arrival(request.response, request.received_index, is_in_order)

    def _may_lack_records(self, arrival: Arrival[Record]) -> bool:
        """Whether this last page may be stale: a record may have moved to the end after it was read."""
        is_early = not arrival.is_in_order and not self._known.newest_first
        return is_early and not arrival.page.claims_more(self._cache.limit)

    def _until_continuation(self, arrival: Arrival[Record]) -> Page[Record]:
        """Cut a page after the last record whose cached page continues it, and keep the rest."""
        page = arrival.page
        if not self._cache:
            return page
        end = page.markers[0] if page.markers else None
        last = page.records[-1] if page.records and page.records[-1].id == end else None
        if end in self._cache and self._is_trusted(end, last, arrival):
            self._next = Continuation(end)
            return page
        for count in range(len(page.records), 0, -1):
            record = page.records[count - 1]
            if record.id in self._cache and record.id != end and self._is_trusted(record.id, record, arrival):
                first, rest = split(page, count, self._cache.limit)
                self._next = Continuation(record.id, replace(arrival, page=rest))
                return first
        return page

    def _is_trusted(self, marker: Marker, record: Record | None, arrival: Arrival[Record]) -> bool:
        """Whether the cached page after a record continues the page that holds it, as a new one would.

        It was requested after that page had arrived, as a sequential walk does. Or the record is unchanged
        since the last walk, so it has not moved: what followed it before still does.

        :param record: `None` if it is malformed.
        """
        if self._cache.is_sent_after(marker, arrival.received_index):
            return True
        return record is not None and self._known.records.get(record.id) == record


def _shares_records(response: Page[Record] | ApiError | None, rest: Page[Record]) -> bool:
    """Whether a response holds any record of the rest of the page before it."""
    if not isinstance(response, Page):
        return False
    ids = {record.id for record in response.records}
    return any(record.id in ids for record in rest.records)
