"""The sequential walk: every page of a list, each from the marker where the one before it ended."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, Generic

from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Page, Record
from exporter.results import WalkResult
from exporter.walk.split_page import after

FetchPage = Callable[[str | None, int], Page[Record]]
"""Fetch the page after a marker (`None`: the first), of so many records at most; raise `ApiError`."""

DEAD_MARKER: Final = frozenset({400, 404, 422})
LIMIT_REFUSED: Final = frozenset({400, 422})
PAGES_AGAIN: Final = 3
LARGEST_LIST: Final = 200_000
"""Records that a list is taken to have where the API reports none, or more than these."""
TIMES_REPORTED: Final = 10
"""A walk that reads this many times the records that the API reports, or as many pages, is endless."""
ALWAYS_RECORDS: Final = 20_000
ALWAYS_PAGES: Final = 1_000
"""What a walk may read however few records the API reports: it may count those of a page alone."""


class PageSize:
    """The page size to request: a fixed one, or the largest of `STEPS` that the API accepts."""

    STEPS: Final = (1000, 500, 200, 100, 50, 20)

    def __init__(self, fixed: int | None = None) -> None:
        self._steps = () if fixed else self.STEPS
        self.asked = fixed or self.STEPS[0]

    def reduce(self) -> bool:
        """Take the next smaller size, if there is one."""
        smaller = next((step for step in self._steps if step < self.asked), None)
        self.asked = smaller or self.asked
        return smaller is not None


def walk(
    fetch_page: FetchPage[Record], page_size: PageSize, *, usual_shortfall: int = 0
) -> WalkResult[Record]:
    """Walk the whole list or raise `ApiError`: there is no partial result.

    :param usual_shortfall: the `WalkResult.shortfall` of the last walk of this list. A walk with a different
        one is repeated: see `confirm`.
    """
    first = walk_once(fetch_page, page_size, usual_shortfall)
    if is_whole(first, usual_shortfall):
        return first
    return confirm(first, walk_once(fetch_page, page_size, usual_shortfall), usual_shortfall)


def is_whole(walked: WalkResult[Record], usual_shortfall: int) -> bool:
    """Say whether nothing is missing but what the API usually counts without listing it."""
    return walked.shortfall in {0, usual_shortfall}


def confirm(short: WalkResult[Record], again: WalkResult[Record], usual_shortfall: int) -> WalkResult[Record]:
    """Return the second of two walks, where the first was `short`.

    The same shortfall twice is how this API counts: it includes records that it does not list. A shortfall
    that changes is a list that changed too much to be walked: raises `ApiError` (`pagination`).
    """
    if is_whole(again, usual_shortfall) or again.shortfall == short.shortfall:
        return again
    raise ApiError(
        Reason.PAGINATION,
        f"the API reports {again.reported} records, but lists {again.shortfall} fewer"
        f" ({short.shortfall} fewer in the walk before)",
    )


def walk_once(fetch_page: FetchPage[Record], page_size: PageSize, usual_shortfall: int) -> WalkResult[Record]:
    """Walk the list once. What comes may be short of what the API reports."""
    state = _WalkState(fetch_page, page_size, usual_shortfall)
    page = state.first()
    while (marker := state.next_marker(page)) is not None:
        page = state.after(marker)
    state.reread_head()
    return state.walked()


class _WalkState(Generic[Record]):
    """One walk under way: what was read so far, and from where to continue."""

    def __init__(self, fetch_page: FetchPage[Record], page_size: PageSize, usual_shortfall: int) -> None:
        self._fetch_page: FetchPage[Record] = fetch_page
        self._page_size = page_size
        self._usual_shortfall = usual_shortfall
        self._records: dict[str, Record] = {}
        self._used: set[str] = set()
        self._trail: tuple[str, ...] = ()
        self._fallbacks: deque[str | None] = deque(maxlen=PAGES_AGAIN)
        self._pages = 0
        self._read = 0
        self._duplicates = 0
        self._malformed = 0
        self._first_malformed: str | None = None
        self._total: int | None = None
        self._limit: int | None = None
        self._ended = False

    def first(self) -> Page[Record]:
        """Read the head of the list. A smaller page size is kept only once the API has answered it."""
        asked = self._page_size.asked
        try:
            return self._take(self._fetch_head())
        except ApiError:
            self._page_size.asked = asked
            raise

    def next_marker(self, page: Page[Record]) -> str | None:
        """Return the marker of the page that follows `page`; `None` at the end of the list."""
        if self._ended or not self._more(page):
            return None
        if not page.length:
            raise self._lost("is empty but claims that more follow")
        if not page.markers:
            raise self._lost("has no marker")
        # A marker that was used has moved since. The record before it serves as well.
        candidates = chain(page.markers, (record.id for record in reversed(page.records)))
        marker = next((marker for marker in candidates if marker not in self._used), None)
        if marker is None:
            raise self._lost("comes from a marker seen before")
        return marker

    def after(self, marker: str) -> Page[Record]:
        """Read the page after `marker`, or after a record before it where `marker` seems dead."""
        self._used.add(marker)
        self._remember(marker)
        self._fallbacks.append(self._trail[-2] if len(self._trail) > 1 else None)
        page = self._try(marker)
        if page is None or not self._brings_news(page):
            return self._recover_from_dead_marker(marker, page)
        page = self._take(page)
        if self._is_short() and not self._more(page):
            return self._recover_from_early_end(marker, page)
        return page

    def reread_head(self) -> None:
        """Read the head again for rows that moved there, where fewer came than the API reports."""
        marker = None
        for _ in range(PAGES_AGAIN):
            page = self._try(marker) if self._is_short() else None
            if page is None:
                return
            news = self._has_new_records(page)
            self._keep(page)
            if not (news and self._more(page) and page.markers):
                return
            marker = page.markers[0]

    def walked(self) -> WalkResult[Record]:
        """Return what the walk brought."""
        return WalkResult(
            records=self._records,
            duplicates=self._duplicates,
            malformed=self._malformed,
            first_malformed=self._first_malformed,
            reported=self._total,
            limit=self._limit or self._page_size.asked,
        )

    def _fetch(self, marker: str | None) -> Page[Record]:
        return self._fetch_page(marker, self._page_size.asked)

    def _fetch_head(self) -> Page[Record]:
        while True:
            try:
                return self._fetch(None)
            except ApiError as error:
                if error.status not in LIMIT_REFUSED or not self._page_size.reduce():
                    raise

    def _try(self, marker: str | None) -> Page[Record] | None:
        try:
            return self._fetch(marker)
        except ApiError as error:
            if error.status not in DEAD_MARKER:
                raise
            return None

    def _recover_from_dead_marker(self, marker: str, answer: Page[Record] | None) -> Page[Record]:
        """Continue from the record before `marker`, or from where one of the last pages ended.

        The marker's record may have been deleted since it was read, or may have moved to the head. Only a
        page from a record before it proves anything. One with news continues the list. One that holds
        `marker` shows that the marker is alive, so an `answer` that claimed no more was the true end.
        """
        for fallback in reversed(self._fallbacks):
            page = self._try(fallback)
            news = self._news_after(marker, page)
            if news is not None:
                return self._take(news)
            if page is not None and self._confirms_end(page, marker, answer or page):
                self._ended = True
                return page
        raise self._lost("cannot be had: neither the last marker nor the one before it leads on")

    def _recover_from_early_end(self, marker: str, end: Page[Record]) -> Page[Record]:
        """Ask from the record before `marker`, which may have moved to the tail since it was read."""
        news = self._news_after(marker, self._try(self._fallbacks[-1]))
        return end if news is None else self._take(news)

    def _news_after(self, marker: str, page: Page[Record] | None) -> Page[Record] | None:
        """Return what `page` brings that was not read before; if it holds `marker`, only what follows it."""
        if page is None:
            return None
        page = replace(page, more=True if self._claims_more(page) else page.more)
        following = after(page, marker)
        if following is not None:
            return following if self._brings_news(following) else None
        return page if self._has_new_records(page) else None

    def _confirms_end(self, page: Page[Record], marker: str, answer: Page[Record]) -> bool:
        return after(page, marker) is not None and not (page.more or self._claims_more(answer))

    def _brings_news(self, page: Page[Record]) -> bool:
        return bool(page.malformed) or self._has_new_records(page)

    def _has_new_records(self, page: Page[Record]) -> bool:
        return any(record.id not in self._records for record in page.records)

    def _more(self, page: Page[Record]) -> bool:
        """Say whether to continue; a short page alone ends no list that is said to hold more."""
        return self._claims_more(page) or (page.more is None and self._shortfall() > 0)

    def _claims_more(self, page: Page[Record]) -> bool:
        return claims_more(page, self._page_size.asked)

    def _shortfall(self) -> int:
        return max(0, (self._total or 0) - len(self._records) - self._malformed)

    def _is_short(self) -> bool:
        return self._shortfall() not in {0, self._usual_shortfall}

    def _take(self, page: Page[Record]) -> Page[Record]:
        self._pages += 1
        self._duplicates += self._keep(page)
        self._malformed += len(page.malformed)
        if page.malformed and self._first_malformed is None:
            first = page.malformed[0]
            self._first_malformed = f"record {self._read + first.position}: {first.problem}"
        self._read += page.length
        self._refuse_endless()
        for record in page.records[-2:]:
            self._remember(record.id)
        return page

    def _refuse_endless(self) -> None:
        """Fail where the list goes on far beyond what the API reports: a broken API invents records."""
        reported = LARGEST_LIST if self._total is None else min(self._total, LARGEST_LIST)
        most = TIMES_REPORTED * reported
        if self._read > max(most, ALWAYS_RECORDS) or self._pages > max(most, ALWAYS_PAGES):
            raise self._lost(f"follows {self._read} records where the API reports {self._total}")

    def _keep(self, page: Page[Record]) -> int:
        """Add the page's records, of a repeated one the newest copy; return how many were repeated."""
        self._total = page.total if page.total is not None else self._total
        self._limit = page.limit or self._limit
        before = len(self._records)
        keep = self._records.setdefault
        for record in page.records:
            keep(record.id, record)
        repeated = len(page.records) - (len(self._records) - before)
        if repeated:
            self._keep_newest(page.records)
        return repeated

    def _keep_newest(self, records: Iterable[Record]) -> None:
        for record in records:
            if _is_newer(record, self._records[record.id]):
                self._records[record.id] = record

    def _remember(self, marker: str) -> None:
        """Keep the last two markers that the list was seen to hold."""
        self._trail = (*(known for known in self._trail[-2:] if known != marker), marker)

    def _lost(self, problem: str) -> ApiError:
        return ApiError(Reason.PAGINATION, f"page {self._pages + 1} {problem}")


def claims_more(page: Page[Record], asked: int) -> bool:
    """Say whether a page, of which so many records were `asked`, says that others follow it."""
    if page.more is not None:
        return page.more
    return page.length >= (page.limit or asked)


def _is_newer(record: Record, known: Record) -> bool:
    if record.updated_at is None or known.updated_at is None:
        return known.updated_at is None
    return record.updated_at > known.updated_at
