"""The sequential walk: every page of a list, each from the marker where the page before it ended."""

from typing import Final, Generic

from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Page, Record
from exporter.results import WalkResult
from exporter.walk.collected import CollectedRecords
from exporter.walk.endless import is_endless
from exporter.walk.page_size import FetchPage, Marker, PageSize
from exporter.walk.split_page import after
from exporter.walk.trail import BEGINNING, Place, Trail

DEAD_MARKER: Final = frozenset({400, 404, 422})
"""HTTP statuses that may mean that no record has the marker."""
HEAD_PAGES: Final = 3
"""Pages that are read again from the head, at most."""


def walk(
    fetch_page: FetchPage[Record], page_size: PageSize, *, usual_shortfall: int = 0
) -> WalkResult[Record]:
    """Walk the whole list.

    :param fetch_page: fetches and decodes the page after a marker, with a `limit`.
    :param page_size: the page size, which the walk reduces if the API refuses it.
    :param usual_shortfall: the `WalkResult.shortfall` of the last walk of this list. A walk with another one
        is repeated: see `confirm`.
    :raises ApiError: if any page cannot be read. No partial result is returned.
    """
    first = walk_once(fetch_page, page_size, usual_shortfall)
    if is_whole(first, usual_shortfall):
        return first
    return confirm(first, walk_once(fetch_page, page_size, usual_shortfall), usual_shortfall)


def is_whole(walked: WalkResult[Record], usual_shortfall: int) -> bool:
    """Whether no record is missing except those that the API usually counts without listing them.

    :param usual_shortfall: the number of those.
    """
    return walked.shortfall in {0, usual_shortfall}


def confirm(short: WalkResult[Record], again: WalkResult[Record], usual_shortfall: int) -> WalkResult[Record]:
    """Return `again`, the second of two walks. The first one was `short`.

    The same shortfall twice is how this API counts: it includes records that it does not list.

    :raises ApiError: (`pagination`) if the shortfall changed: the list changes too much to be walked.
    """
    if is_whole(again, usual_shortfall) or again.shortfall == short.shortfall:
        return again
    raise ApiError(
        Reason.PAGINATION,
        f"the API reports {again.reported} records, but lists {again.shortfall} fewer"
        f" ({short.shortfall} fewer in the walk before)",
    )


def walk_once(fetch_page: FetchPage[Record], page_size: PageSize, usual_shortfall: int) -> WalkResult[Record]:
    """Walk the list once. The result may lack records that the API reports."""
    return SequentialWalk(fetch_page, page_size, usual_shortfall).run()


class SequentialWalk(Generic[Record]):
    """One walk: reads page after page, recovers from dead markers, and checks the head at the end."""

    def __init__(self, fetch_page: FetchPage[Record], page_size: PageSize, usual_shortfall: int) -> None:
        self._fetch_page: FetchPage[Record] = fetch_page
        self._page_size = page_size
        self._usual_shortfall = usual_shortfall
        self._collected = CollectedRecords[Record]()
        self._trail = Trail()
        self._pages = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(pages={self._pages}, {self._collected})"

    def run(self) -> WalkResult[Record]:
        """Walk the list once."""
        page = self._accept(self._page_size.fetch_head(self._fetch_page))
        while self._continues(page):
            page = self._read_after(self._next_marker(page))
        self._reread_head()
        return self._collected.result(self._page_size.limit)

    def _continues(self, page: Page[Record]) -> bool:
        """Whether the list continues after a page. A short page is no end if the API reports more records."""
        return self._claims_more(page) or (page.more is None and self._collected.shortfall > 0)

    def _next_marker(self, page: Page[Record]) -> str:
        if not page.length:
            raise _pagination(f"page {self._pages} is empty, but the API says that more follow")
        if not page.markers:
            raise _pagination(f"page {self._pages} names no marker to continue from")
        marker = self._trail.unused_marker(page)
        if marker is None:
            raise _pagination(f"page {self._pages} names only markers that were used before")
        return marker

    def _read_after(self, marker: str) -> Page[Record]:
        """Read the page after `marker`, or after a record before it where `marker` seems dead."""
        self._trail.use(marker, self._collected.malformed)
        page = self._fetch_or_none(marker)
        if page is None or not self._has_news(page):
            return self._recover_from_dead_marker(marker, page)
        if self._collected.begins_with(page):
            self._accept_from(BEGINNING, page)
        else:
            self._accept(page)
        if self._is_short() and not self._continues(page):
            return self._recover_from_early_end(marker, page)
        return page

    def _has_news(self, page: Page[Record]) -> bool:
        """Whether a page has a new id, or only malformed records, which have no id.

        Some APIs return the head for a dead marker: known records, perhaps with malformed ones among them.
        """
        if page.records:
            return self._collected.has_new_records(page)
        return bool(page.malformed)

    def _recover_from_dead_marker(self, marker: str, response: Page[Record] | None) -> Page[Record]:
        """Continue from the record before `marker`, or from the records before earlier markers.

        A marker is dead if its record was deleted or moved to the head after it was read. The page after an
        earlier record decides: unread records on it continue the list. If it has none, but holds `marker`,
        that marker is alive, and the list may end there.

        :param response: the page after `marker`, which had nothing new; `None`: an error.
        """
        for fallback in self._trail.fallbacks:
            page = self._fetch_or_none(fallback.marker)
            if page is None:  # this record is gone too
                continue
            continued = self._continue_from(fallback, page, marker)
            if continued is not None:
                return continued
            if self._is_end(page, marker, response or page):
                return replace(page, more=False)
        raise _pagination(
            f"page {self._pages + 1} cannot be read:"
            " neither the last marker nor the records before it lead to new records"
        )

    def _recover_from_early_end(self, marker: str, end: Page[Record]) -> Page[Record]:
        """Continue from the record before `marker`, since records are missing.

        If the record of `marker` moved to the tail after it was read, its page is the list's end, and unread
        records follow its former place. If it is still in its place, `end` is what follows it, malformed
        records too.
        """
        place = self._trail.fallbacks[0]
        page = self._fetch_or_none(place.marker)
        if page is None:
            return end
        following = after(page, marker, self._page_size.limit)
        if following is not None:
            place, page = Place(marker, self._collected.malformed - len(end.malformed)), following
        return self._accept_from(place, page) if self._collected.has_new_records(page) else end

    def _continue_from(self, fallback: Place, page: Page[Record], marker: str) -> Page[Record] | None:
        """Accept what is unread of the page after `fallback`, a place before `marker`; return it, or `None`.

        Everything up to `marker` was read, malformed records too. If the page lacks `marker`, only a new
        record shows that it continues the list.
        """
        following = after(page, marker, self._page_size.limit)
        if following is None:
            return self._accept_from(fallback, page) if self._collected.has_new_records(page) else None
        if following.malformed or self._collected.has_new_records(following):
            return self._accept(following)
        return None

    def _is_end(self, page: Page[Record], marker: str, response: Page[Record]) -> bool:
        """Whether the list ends at `marker`: it is alive, and neither page claims that more follow."""
        if after(page, marker, self._page_size.limit) is None:
            return False
        return not page.more and not self._claims_more(response)

    def _reread_head(self) -> None:
        """Read the head again while records are missing: an updated record may have moved there."""
        marker: Marker = None
        for _ in range(HEAD_PAGES):
            page = self._fetch_or_none(marker) if self._is_short() else None
            if page is None:
                return
            has_new_records = self._collected.has_new_records(page)
            self._collected.merge(page)
            if not (has_new_records and self._continues(page) and page.markers):
                return
            marker = page.markers[0]

    def _fetch_or_none(self, marker: Marker) -> Page[Record] | None:
        """Fetch the page after a marker; `None` if the API may not know the marker."""
        try:
            return self._fetch_page(marker, self._page_size.limit)
        except ApiError as error:
            if error.status not in DEAD_MARKER:
                raise
            return None

    def _accept_from(self, place: Place, page: Page[Record]) -> Page[Record]:
        """Accept a page that follows an earlier place, so that it may begin with records that were read."""
        malformed = self._collected.malformed - place.malformed
        return self._accept(page, self._collected.reread(page, malformed))

    def _accept(self, page: Page[Record], reread: int = 0) -> Page[Record]:
        """Add a page.

        :param reread: how many of its malformed records, the first ones, were read before.
        """
        before = self._collected.malformed - reread
        self._pages += 1
        self._collected.add(page, reread)
        self._trail.extend(page, before)
        self._refuse_endless()
        return page

    def _refuse_endless(self) -> None:
        read, reported = self._collected.records_read, self._collected.reported
        if is_endless(self._pages, read, reported):
            total = "no total" if reported is None else f"a total of {reported}"
            raise _pagination(
                f"the list seems endless: {read} records on {self._pages} pages, but the API reports {total}"
            )

    def _claims_more(self, page: Page[Record]) -> bool:
        return page.claims_more(self._page_size.limit)

    def _is_short(self) -> bool:
        return self._collected.shortfall not in {0, self._usual_shortfall}


def _pagination(problem: str) -> ApiError:
    return ApiError(Reason.PAGINATION, problem)
