"""The sequential walk: every page of a list, each from the marker where the one before it ended."""

from collections.abc import Callable, Iterable
from typing import Final, Generic

from exporter.errors import ApiError, Reason
from exporter.model import Page, Record, Walk

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
    """The page size to ask for. Without a fixed one it comes down where the API refuses it, and remembers."""

    STEPS: Final = (1000, 500, 200, 100, 50, 20)

    def __init__(self, fixed: int | None = None) -> None:
        self.asked = fixed or self.STEPS[0]
        self._smaller = [] if fixed else list(self.STEPS[:0:-1])

    def come_down(self) -> bool:
        """Take the next smaller size, if there is one."""
        if not self._smaller:
            return False
        self.asked = self._smaller.pop()
        return True


def walk(fetch_page: FetchPage[Record], page_size: PageSize, *, reread_tail: bool = False) -> Walk[Record]:
    """Walk the whole list or raise `ApiError`: there is no partial result.

    Where fewer records came than the API reports, the head is read again for rows that jumped there, and the
    tail too if `fetch_page` does not read it last.
    """
    course = _Course(fetch_page, page_size)
    page = course.first()
    while (marker := course.next_marker(page)) is not None:
        page = course.after(marker)
    course.reread(None)
    if reread_tail:
        course.reread(course.last)
    return course.walked()


class _Course(Generic[Record]):
    """One walk under way: what was read so far, and how to go on."""

    def __init__(self, fetch_page: FetchPage[Record], page_size: PageSize) -> None:
        self._fetch_page: FetchPage[Record] = fetch_page
        self._page_size = page_size
        self._records: dict[str, Record] = {}
        self._used: set[str] = set()
        self._trail: tuple[str, ...] = ()
        self._pages = 0
        self._read = 0
        self._duplicates = 0
        self._malformed = 0
        self._first_malformed: str | None = None
        self._total: int | None = None
        self._limit: int | None = None
        self._ended = False

    def first(self) -> Page[Record]:
        """Read the head of the list, with a page size that the API takes."""
        while True:
            try:
                return self._take(self._fetch(None))
            except ApiError as error:
                if error.status not in LIMIT_REFUSED or not self._page_size.come_down():
                    raise

    def next_marker(self, page: Page[Record]) -> str | None:
        """Say from where to go on after `page`; `None` at the end of the list."""
        if self._ended or not self._more(page):
            return None
        if not page.length:
            raise self._lost("is empty but claims that more follow")
        marker = next((marker for marker in page.markers if marker not in self._used), None)
        if marker is None:
            raise self._lost("comes from a marker seen before" if page.markers else "has no marker")
        return marker

    def after(self, marker: str) -> Page[Record]:
        """Read the page after `marker`, or after the record before it where `marker` seems dead."""
        self._used.add(marker)
        self._remember(marker)
        page = self._try(marker)
        if page is not None and self._brings_news(page):
            return self._take(page)
        return self._take(self._detour(marker, page))

    @property
    def last(self) -> str | None:
        """The last record's id."""
        return self._trail[-1] if self._trail else None

    def reread(self, marker: str | None) -> None:
        """Read some pages from `marker` for rows that moved there: where fewer came than the API reports."""
        for _ in range(PAGES_AGAIN):
            page = self._try(marker) if self._fewer_than_reported() else None
            if page is None:
                return
            news = self._brings_news(page)
            self._keep(page)
            if not (news and self._more(page) and page.markers):
                return
            marker = page.markers[0]

    def walked(self) -> Walk[Record]:
        """Return what the walk brought."""
        return Walk(
            records=self._records,
            duplicates=self._duplicates,
            malformed=self._malformed,
            first_malformed=self._first_malformed,
            reported=self._total,
            limit=self._limit or self._page_size.asked,
        )

    def _fetch(self, marker: str | None) -> Page[Record]:
        return self._fetch_page(marker, self._page_size.asked)

    def _try(self, marker: str | None) -> Page[Record] | None:
        try:
            return self._fetch(marker)
        except ApiError as error:
            if error.status not in DEAD_MARKER:
                raise
            return None

    def _detour(self, marker: str, answer: Page[Record] | None) -> Page[Record]:
        """Ask from the record before `marker`: its own may have been deleted since it was read.

        Only that page proves anything. With news it goes on with the list. With `marker`'s own record it
        shows that the marker lives, so that an `answer` which claimed no more was the true end.
        """
        before = self._trail[-2] if len(self._trail) > 1 else None
        page = self._try(before)
        if page is not None and self._brings_news(page):
            return page
        if page is not None and _holds(page, marker) and not (page.more or self._claims_more(answer or page)):
            self._ended = True
            return page
        raise self._lost(f"cannot be had: neither marker {marker!r} nor the one before it leads on")

    def _brings_news(self, page: Page[Record]) -> bool:
        return bool(page.malformed) or any(record.id not in self._records for record in page.records)

    def _more(self, page: Page[Record]) -> bool:
        """Say whether to go on; a short page alone ends no list that is said to hold more."""
        return self._claims_more(page) or (page.more is None and self._fewer_than_reported())

    def _claims_more(self, page: Page[Record]) -> bool:
        return claims_more(page, self._page_size.asked)

    def _fewer_than_reported(self) -> bool:
        return self._total is not None and len(self._records) + self._malformed < self._total

    def _take(self, page: Page[Record]) -> Page[Record]:
        self._pages += 1
        repeated = self._keep(page)
        self._duplicates += 0 if self._ended else repeated  # what only confirms the end did not come again
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


def _holds(page: Page[Record], marker: str) -> bool:
    return any(record.id == marker for record in page.records)


def _is_newer(record: Record, known: Record) -> bool:
    if record.updated_at is None or known.updated_at is None:
        return known.updated_at is None
    return record.updated_at > known.updated_at
