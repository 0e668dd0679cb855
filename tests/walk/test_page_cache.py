"""The cache of pages that were requested ahead."""

import threading

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.walk import PageBoundaries, PageSize, Pool, Threads, walk_concurrently
from tests.support.builders import FakeList
from tests.support.lists import ConcurrentWalker, dated, newest_first, result_or_reason
from tests.support.pools import ManualPool


def test_pages_are_read_in_the_walks_own_thread() -> None:
    """The threads of the pool only fetch."""
    api, boundaries, read_in = FakeList(newest_first(60)), PageBoundaries(), []

    def read(page: Page[Backup]) -> Page[Backup]:
        read_in.append(threading.current_thread())
        return page

    with Threads(4) as threads:
        for _ in range(2):
            pool = Pool(threads.submit, 4)
            walked, boundaries = walk_concurrently(api.fetch, read, PageSize(10), pool, boundaries)

    assert len(walked.records) == 60
    assert set(read_in) == {threading.current_thread()}
    assert len(read_in) == 12


def test_a_page_that_is_no_longer_wanted_is_not_read() -> None:
    """The API may refuse a limit for the head, but accept the same limit with a marker."""
    api, limits = FakeList(newest_first(60)), []
    boundaries = PageBoundaries({str(number): dated(number) for number in (50, 40, 30)}, newest_first=True)

    def fetch(marker: str | None, limit: int) -> tuple[int, Page[Backup]]:
        if marker is None and limit == PageSize.STEPS[0]:
            raise ApiError(Reason.CLIENT_ERROR, "too large", status=400)
        return limit, api.fetch(marker, limit)

    def read(body: tuple[int, Page[Backup]]) -> Page[Backup]:
        limits.append(body[0])
        return body[1]

    walked, _ = walk_concurrently(fetch, read, PageSize(), ManualPool(4).pool, boundaries)

    assert len(walked.records) == 60
    assert PageSize.STEPS[0] not in limits


def test_a_page_that_cannot_be_read_fails_the_walk_where_it_is_reached() -> None:
    """It is a failure like that of a request."""
    api = FakeList(newest_first(40))
    walker = ConcurrentWalker(api.fetch, 10)
    walker.walk(ManualPool(2).pool)

    def read(page: Page[Backup]) -> Page[Backup]:
        if any(record.id == "15" for record in page.records):
            raise ApiError(Reason.BAD_RESPONSE, "no JSON")
        return page

    result = result_or_reason(
        lambda: walk_concurrently(api.fetch, read, PageSize(10), ManualPool(2).pool, walker.boundaries)[0]
    )

    assert result is Reason.BAD_RESPONSE
