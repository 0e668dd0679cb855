"""When a page that was requested ahead serves, although the list changes meanwhile."""

from collections.abc import Callable

import pytest

from exporter.records import Backup, Page
from exporter.results import WalkResult
from exporter.simulator.quirks import Quirks
from exporter.walk.boundaries import PageBoundaries
from exporter.walk.dispatcher import Dispatcher
from exporter.walk.page_cache import PageCache
from exporter.walk.prefetcher import Prefetcher
from tests.support.builders import FakeList
from tests.support.lists import ConcurrentWalker, dated, markers, newest_first, updated_later, without
from tests.support.pools import ManualPool, last

Records = tuple[Backup, ...]


def walk_while(records: Records, change: Callable[[Records], Records], *, total: bool) -> WalkResult[Backup]:
    """Walk a list in pages of 40, once at rest, and once where it changes just before the head is received.

    All other pages are received before the head.
    """
    api = FakeList(records, Quirks(total=total))
    walker = ConcurrentWalker(api.fetch, 40)
    walker.walk(ManualPool(4).pool)
    api.requested.clear()

    def before(_: int) -> None:
        if markers(api)[-1] is None and markers(api).count(None) == 1:
            api.records = change(api.records)

    api.before = before
    return walker.walk(ManualPool(20, last).pool)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("boundary", [360, 320, 200, 40])
def test_a_boundary_that_moved_to_the_end_of_the_head_is_not_continued_from_the_cache(
    boundary: int, *, total: bool
) -> None:
    """In a list with its newest update first, its page was read before it moved, and the head after that."""

    def change(records: Records) -> Records:
        moved = [boundary, *range(39)]
        return (*reversed(updated_later(moved)), *without(records, set(map(str, moved))))

    walked = walk_while(newest_first(400), change, total=total)

    assert sorted(map(int, walked.records)) == list(range(400))


@pytest.mark.parametrize("total", [True, False])
def test_a_boundary_that_moved_into_the_head_is_not_continued_from_the_cache(*, total: bool) -> None:
    """Its page was read before it moved, and holds a record that moved after that, as the head does."""

    def change(records: Records) -> Records:
        return (*reversed(updated_later([199, 200])), *without(records, {"199", "200"}))

    walked = walk_while(newest_first(400), change, total=total)

    assert sorted(map(int, walked.records)) == list(range(400))


@pytest.mark.parametrize("total", [True, False])
def test_the_tail_is_read_last_where_records_may_move_there(*, total: bool) -> None:
    """In a list with its oldest update first, a record moves from the head to the tail."""

    def change(records: Records) -> Records:
        return (*without(records, {"3"}), *updated_later([3]))

    walked = walk_while(newest_first(390)[::-1], change, total=total)

    assert sorted(map(int, walked.records)) == list(range(390))


def test_a_list_with_its_oldest_update_first_costs_exactly_its_pages() -> None:
    """Only its last page waits for the one before it."""
    api = FakeList(newest_first(95)[::-1])
    walker = ConcurrentWalker(api.fetch, 10)
    walker.walk(ManualPool(4).pool)
    api.requested.clear()
    walker.walk(ManualPool(20).pool)

    assert markers(api) == [None, *(str(number) for number in range(9, 95, 10))]


def test_a_tail_that_was_read_early_is_read_again() -> None:
    """The last page is not the one that was held back if the list has become shorter."""
    api = FakeList(newest_first(40)[::-1])
    walker = ConcurrentWalker(api.fetch, 10)
    walker.walk(ManualPool(4).pool)
    api.records = api.records[:25]
    api.requested.clear()

    def move(_: int) -> None:
        if markers(api)[-1] is None:
            api.records = (*without(api.records, {"3"}), *updated_later([3]))

    api.before = move
    api.quirks = Quirks(total=False)
    walked = walker.walk(ManualPool(20, last).pool)

    assert sorted(map(int, walked.records)) == list(range(25))
    assert markers(api) == ["19", "9", None, "19"]


def test_a_page_is_cut_where_a_cached_page_continues_it() -> None:
    """The records behind the boundary come with the cached page."""
    api = FakeList((dated(31), dated(30), *newest_first(30)))
    known = PageBoundaries({"20": dated(20), "10": dated(10)}, newest_first=True)
    dispatcher = Dispatcher[Page[Backup], Backup](api.fetch, ManualPool(3).pool)
    prefetcher = Prefetcher(PageCache(dispatcher, lambda page: page, 20), known)

    head = prefetcher.page(None, 20)
    following = prefetcher.page("20", 20)

    assert [record.id for record in head.records] == [str(number) for number in range(31, 19, -1)]
    assert head.more
    assert [record.id for record in following.records] == [str(number) for number in range(19, 9, -1)]


def test_its_repr_shows_the_next_marker() -> None:
    """Its `repr` is for a debugger."""
    dispatcher = Dispatcher[Page[Backup], Backup](FakeList(()).fetch, ManualPool(3).pool)
    cache = PageCache(dispatcher, lambda page: page, 20)

    assert repr(Prefetcher(cache, PageBoundaries())) == (
        "Prefetcher(next=None, PageCache(requests=1, Dispatcher(queued=1, in_flight=0)))"
    )
