"""The concurrent walk: the sequential walk's result in any order of responses, with few requests."""

import random
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.results import WalkResult
from exporter.simulator.quirks import Quirks
from exporter.walk import PageSize, Pool, walk
from tests.support.builders import FakeList, backup
from tests.support.lists import (
    ConcurrentWalker,
    DeadMarker,
    ids,
    markers,
    newest_first,
    result_or_reason,
    spoilt,
    updated_later,
    without,
)
from tests.support.pools import ManualPool, drawn, gated_threads, last

DEAD_MARKERS = st.sampled_from(["error", "empty", "start"])


class ConcurrentWalks(RuleBasedStateMachine):
    """A list that changes between walks in every way, walked with any concurrency and order of responses."""

    @initialize(
        count=st.integers(0, 40),
        size=st.integers(1, 7),
        concurrency=st.integers(1, 6),
        quirks=st.builds(
            Quirks,
            dead_marker=DEAD_MARKERS,
            dead_marker_status=st.sampled_from([400, 404, 422]),
            meta=st.booleans(),
            links=st.booleans(),
            total=st.booleans(),
            has_more=st.booleans(),
        ),
    )
    def begin(self, count: int, size: int, concurrency: int, quirks: Quirks) -> None:
        """Choose a list, an API and a page size."""
        self.api = FakeList(newest_first(count), quirks)
        self.walker = ConcurrentWalker(self.fetch, size)
        self.size = size
        self.concurrency = concurrency
        self.spoilt: set[str] = set()
        self.made = 0
        self.is_unchanged = False
        self.tells_the_end = quirks.links or (quirks.meta and quirks.has_more)

    def fetch(self, marker: str | None, limit: int) -> Page[Backup]:
        """Fetch a page of the list, some of whose records are malformed."""
        return spoilt(self.api.fetch, self.spoilt)(marker, limit)

    def change(self, records: tuple[Backup, ...]) -> None:
        """Replace the list."""
        self.is_unchanged = self.is_unchanged and records == self.api.records
        self.api.records = records

    def fresh(self, count: int) -> tuple[Backup, ...]:
        """Make this number of records that no list had before."""
        self.made += count
        return tuple(backup(f"new-{number}") for number in range(self.made - count, self.made))

    @rule(data=st.data(), count=st.integers(1, 9))
    def insert(self, data: st.DataObject, count: int) -> None:
        """Insert new records somewhere."""
        place = data.draw(st.integers(0, len(self.api.records)))
        self.change((*self.api.records[:place], *self.fresh(count), *self.api.records[place:]))

    @rule(every=st.integers(1, 8))
    def insert_everywhere(self, every: int) -> None:
        """Insert a new record in many places."""
        records: list[Backup] = []
        for place, record in enumerate(self.api.records):
            records += self.fresh(1) if place % every == 0 else ()
            records.append(record)
        self.change(tuple(records))

    @rule(data=st.data(), count=st.integers(1, 20))
    def delete(self, data: st.DataObject, count: int) -> None:
        """Delete neighbours: single records, whole pages, everything."""
        place = data.draw(st.integers(0, len(self.api.records)))
        self.change(self.api.records[:place] + self.api.records[place + count :])

    @rule(data=st.data())
    def delete_boundaries(self, data: st.DataObject) -> None:
        """Delete some of the markers that the next walk tries."""
        known = self.walker.known
        gone = data.draw(st.sets(st.sampled_from(known))) if known else set()
        self.change(without(self.api.records, gone))

    @rule(seed=st.integers(0, 99))
    def shuffle(self, seed: int) -> None:
        """Bring all records into another order."""
        self.change(tuple(random.Random(seed).sample(self.api.records, len(self.api.records))))  # noqa: S311 - no secret

    @rule()
    def reverse(self) -> None:
        """Reverse the list."""
        self.change(self.api.records[::-1])

    @rule(most=st.none() | st.integers(1, 7))
    def cap_limit(self, most: int | None) -> None:
        """Let the API put fewer records on a page than are requested."""
        if self.api.quirks.meta or self.api.quirks.links:
            self.is_unchanged = False
            self.api.quirks = replace(self.api.quirks, max_limit=most)

    @rule(data=st.data())
    def spoil(self, data: st.DataObject) -> None:
        """Make some records malformed, if the API tells the list's end: else those at the end count twice."""
        self.is_unchanged = False
        names = ids(self.api.records) if self.tells_the_end else []
        self.spoilt = data.draw(st.sets(st.sampled_from(names), max_size=4)) if names else set()

    @rule(data=st.data())
    def walk_both_ways(self, data: st.DataObject) -> None:
        """Both walks return the same result; a page that was not needed is requested at most once more."""
        self.api.requested.clear()
        expected = result_or_reason(lambda: walk(self.fetch, PageSize(self.size)))
        needed = len(self.api.requested)
        self.api.requested.clear()
        tried = len(self.walker.known)
        manual = ManualPool(self.concurrency, drawn(data))
        result = result_or_reason(lambda: self.walker.walk(manual.pool))

        to_find_the_end = 0 if self.tells_the_end else 2  # an empty page, and one from the record before it
        assert result == expected
        assert manual.most <= self.concurrency
        assert len(self.api.requested) <= (
            needed if self.is_unchanged else 2 * (needed + tried) + to_find_the_end
        )
        assert not isinstance(result, WalkResult) or len(self.walker.known) <= needed
        self.is_unchanged = isinstance(result, WalkResult)


TestConcurrentWalks = ConcurrentWalks.TestCase
TestConcurrentWalks.settings = settings(max_examples=100, stateful_step_count=12, deadline=None)


@given(
    data=st.data(),
    count=st.integers(0, 24),
    size=st.integers(1, 6),
    concurrency=st.integers(1, 5),
    dead_marker=DEAD_MARKERS,
    moves=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_lasting_records_are_never_lost(  # noqa: PLR0913 - each drawn
    *, data: st.DataObject, count: int, size: int, concurrency: int, dead_marker: DeadMarker, moves: bool
) -> None:
    """A walk returns every record that was in the list all along.

    A record that moves can be missed, as by a sequential walk: the tests of a changing list say when.
    """
    api = FakeList(newest_first(count), Quirks(dead_marker=dead_marker))
    walker = ConcurrentWalker(api.fetch, size)
    walker.walk(ManualPool(concurrency).pool)
    stayed, ever = set(ids(api.records)), set(api.records)

    def change(_request: int) -> None:
        if not api.records or data.draw(st.integers(0, 1), label="change"):
            return
        names = ids(api.records)
        gone = data.draw(st.sets(st.sampled_from(names), max_size=3), label="delete")
        moved = data.draw(st.sampled_from([None, *names] if moves else [None]), label="move")
        stayed.difference_update(gone)
        fresh = (backup(f"new-{len(ever)}"),) if data.draw(st.booleans(), label="insert") else ()
        ever.update(fresh)
        resting = tuple(record for record in api.records if record.id not in {moved, *gone})
        jumped = tuple(record for record in api.records if record.id == moved and moved not in gone)
        ends = (*fresh, *jumped, *resting), (*fresh, *resting, *jumped)
        api.records = ends[data.draw(st.integers(0, 1), label="to the tail")]

    api.before = change
    result = result_or_reason(lambda: walker.walk(ManualPool(concurrency, drawn(data)).pool))

    if isinstance(result, WalkResult):
        assert set(result.records.values()) <= ever
        assert moves or stayed <= set(result.records)
    else:
        assert result is Reason.PAGINATION


@given(
    data=st.data(),
    count=st.integers(0, 40),
    size=st.integers(1, 6),
    concurrency=st.integers(1, 5),
    dead_marker=DEAD_MARKERS,
)
@settings(deadline=None)
def test_failing_pages_fail_the_walk_or_do_not_matter(
    data: st.DataObject, count: int, size: int, concurrency: int, dead_marker: DeadMarker
) -> None:
    """Whichever requests fail, a walk either returns the whole list or says why it cannot."""
    api = FakeList(newest_first(count), Quirks(dead_marker=dead_marker))
    walker = ConcurrentWalker(api.fetch, size)
    walker.walk(ManualPool(concurrency).pool)
    failures = data.draw(
        st.dictionaries(st.integers(1, 12), st.sampled_from([Reason.AUTH, Reason.SERVER_ERROR]))
    )
    requests = 0

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        nonlocal requests
        requests += 1
        if requests in failures:
            raise ApiError(failures[requests], "no", status=500)
        return api.fetch(marker, limit)

    walker.fetch_page = fetch
    result = result_or_reason(lambda: walker.walk(ManualPool(concurrency, drawn(data)).pool))

    if isinstance(result, WalkResult):
        assert tuple(result.records.values()) == api.records
    else:
        assert result in {reason for number, reason in failures.items() if number <= requests}


@pytest.mark.parametrize("seed", range(200))
def test_answers_may_come_in_every_order(seed: int) -> None:
    """With real threads and a changed list, the result is the sequential walk's. Concurrency is limited."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    size, threads = chance.randint(1, 9), chance.randint(2, 8)
    api = FakeList(newest_first(chance.randint(0, 60)))
    walker = ConcurrentWalker(api.fetch, size)
    walker.walk(ManualPool(1).pool)
    kept = [record for record in api.records if chance.random() > 0.1]
    for number in range(chance.randint(0, 5)):
        kept.insert(chance.randint(0, len(kept)), backup(f"new-{number}"))
    api.records = tuple(kept)

    with gated_threads(seed, threads) as (gate, pool):
        walked = walker.walk(pool)

    assert walked == walk(api.fetch, PageSize(size))
    assert gate.most <= threads


def after_a_walk(
    count: int, size: int | None, quirks: Quirks | None = None
) -> tuple[FakeList, ConcurrentWalker]:
    """Return a list that was walked once, and what walks it next."""
    api = FakeList(newest_first(count), quirks)
    walker = ConcurrentWalker(api.fetch, size)
    walker.walk(ManualPool(4).pool)
    api.requested.clear()
    return api, walker


def costs(api: FakeList, walker: ConcurrentWalker, walks: int) -> list[int]:
    """Return how many requests each of some walks takes."""
    counts = []
    for _ in range(walks):
        api.requested.clear()
        walker.walk(ManualPool(2).pool)
        counts.append(len(api.requested))
    return counts


class TestRequests:
    """What a concurrent walk requests, and when."""

    def test_an_unchanged_list_costs_exactly_its_pages(self) -> None:
        """All pages are requested at once, the last one included, and none after it."""
        api, walker = after_a_walk(100, 10)
        manual = ManualPool(8)
        walker.walk(manual.pool)

        assert api.requested == [(None, 10), *((str(marker), 10) for marker in range(90, 0, -10))]
        assert manual.most == 8

    @pytest.mark.parametrize("actual", [1, 3, 4, 7, 12])
    @pytest.mark.parametrize("stated", [None, 5])
    def test_pages_of_another_length_than_requested_cost_exactly_their_number(
        self, *, actual: int, stated: int | None
    ) -> None:
        """The API may cap the limit or ignore it, without a word or while it repeats the requested limit."""
        api = FakeList(newest_first(29), Quirks(meta=False))

        def fetch(marker: str | None, _limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, actual), limit=stated)

        assert costs(api, ConcurrentWalker(fetch, 5), 3) == [-(-29 // actual)] * 3

    def test_a_limit_that_was_lowered_between_two_walks_costs_more_requests_once(self) -> None:
        """The walk after the change starts from outdated boundaries, and leaves new ones."""
        api, walker = after_a_walk(29, 5, Quirks(meta=False))
        api.records = without(api.records, {"19", "24"})
        api.quirks = replace(api.quirks, max_limit=3)

        assert costs(api, walker, 3) == [13, 9, 9]

    @pytest.mark.parametrize("place", [0, 35, 99])
    def test_one_insertion_costs_one_request_more(self, place: int) -> None:
        """The pages behind it are found by their markers."""
        api, walker = after_a_walk(100, 10)
        api.records = (*api.records[:place], backup("new"), *api.records[place:])
        walked = walker.walk(ManualPool(4).pool)

        assert len(walked.records) == 101
        assert len(api.requested) == 11

    def test_insertions_everywhere_do_not_make_it_serial(self) -> None:
        """What follows a page that does not reach the next marker is requested at once."""
        api, walker = after_a_walk(100, 10)
        api.records = tuple(
            made
            for record in api.records
            for made in (backup(f"new-{record.id}"), record)[int(record.id) % 10 != 5 :]
        )
        rounds = []

        def all_at_once(in_flight: Collection[Future[Any]]) -> Collection[Future[Any]]:
            rounds.append(len(in_flight))
            return [done for _ in tuple(in_flight) for done in manual.await_any(in_flight)]

        manual = ManualPool(10)
        walker.walk(Pool(manual.submit, 10, all_at_once))

        assert sum(rounds) == 20
        assert len(rounds) == 2

    def test_what_the_walk_needs_is_requested_first(self) -> None:
        """In a list that was reversed, the marker at the end of the queue does not wait for its turn."""
        api, walker = after_a_walk(100, 10)
        api.records = api.records[::-1]
        walker.walk(ManualPool(1).pool)

        assert markers(api)[:3] == [None, "9", "10"]

    def test_an_api_that_always_counts_more_costs_its_pages(self) -> None:
        """Only the first walk is repeated, to find out, and leaves its boundaries all the same."""
        api = FakeList(newest_first(25))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=28)

        walker, requested = ConcurrentWalker(fetch, 10), []
        for _ in range(3):
            api.requested.clear()
            walker.usual_shortfall = walker.walk(ManualPool(2).pool).shortfall
            requested.append(markers(api))

        assert requested == [[None, "15", "5", "6", None] * 2, [None, "15", "5"], [None, "15", "5"]]
        assert walker.known == ["15", "5"]

    def test_a_dead_marker_costs_one_request(self) -> None:
        """No page holds it, so its response is not used."""
        api, walker = after_a_walk(100, 10)
        api.records = without(api.records, {"50"})
        walked = walker.walk(ManualPool(4).pool)

        assert len(walked.records) == 99
        assert len(api.requested) == 11

    @pytest.mark.parametrize("deleted_before", range(2, 11))
    def test_a_deletion_costs_two_requests(self, deleted_before: int) -> None:
        """The walk is short of the highest total: it checks its end and reads the head again."""
        api, walker = after_a_walk(100, 10)

        def delete(request: int) -> None:
            if request == deleted_before:
                api.records = without(api.records, {"95"})

        api.before = delete
        walked = walker.walk(ManualPool(2, last).pool)  # the head, which lacks the record, arrives last

        assert walked.reported == len(walked.records) == 99
        assert len(api.requested) == 12

    @pytest.mark.parametrize("changed_before", range(4, 8))
    def test_a_deletion_hides_no_record_that_moves_to_the_head(self, changed_before: int) -> None:
        """As many records are read as the lower total says: the deleted one, but not the one that moved."""
        api, walker = after_a_walk(100, 10)

        def change(request: int) -> None:
            if request == changed_before:
                api.records = (*updated_later([20]), *without(api.records, {"95", "20"}))

        api.before = change
        walked = walker.walk(ManualPool(2).pool)

        assert "20" in walked.records

    def test_what_was_requested_ahead_is_not_sent_after_the_end(self) -> None:
        """A walk that is short checks its end and reads the head again, and nothing else."""
        api, walker = after_a_walk(100, 10)
        api.records = api.records[:15]
        walker.usual_shortfall = 5
        walker.fetch_page = lambda marker, limit: replace(api.fetch(marker, limit), total=16)
        walker.walk(ManualPool(2).pool)

        assert markers(api)[:6] == [None, "90", "80", "91", None, None]

    def test_an_emptied_list_ends_with_its_head(self) -> None:
        """What is still queued is not sent."""
        api, walker = after_a_walk(100, 10)
        api.records = ()
        walker.walk(ManualPool(3).pool)

        assert len(api.requested) == 1

    @pytest.mark.parametrize("tells", [True, False])
    @pytest.mark.parametrize("dead_marker", ["error", "empty", "start"])
    def test_a_marker_that_dies_between_its_page_and_the_one_before_loses_nothing(
        self, *, dead_marker: DeadMarker, tells: bool
    ) -> None:
        """The page that was cut at the marker holds what follows it."""
        api = FakeList(newest_first(20), Quirks(dead_marker=dead_marker, meta=tells, links=tells))
        api.records = (backup("new-1"), *api.records)
        walker = ConcurrentWalker(api.fetch, 10, 15)

        def delete(request: int) -> None:
            if request == 2:
                api.records = without(api.records, {"15", "16"})

        api.before = delete
        walked = walker.walk(ManualPool(1).pool)

        assert list(walked.records) == ["new-1", *(str(number) for number in range(19, -1, -1))]

    def test_a_record_that_comes_twice_leaves_no_boundaries(self) -> None:
        """A marker in two places says nothing, so the next walk is sequential."""
        api = FakeList((*newest_first(20), backup(3)))
        walker = ConcurrentWalker(api.fetch, 7)
        walked = walker.walk(ManualPool(2).pool)

        assert walked.duplicates == 1
        assert walker.known == []

    def test_a_malformed_record_is_no_boundary(self) -> None:
        """The page behind it is found without a boundary, and costs no more than its own request."""
        api, walker = after_a_walk(40, 10)
        api.records = (backup("new"), backup("newer"), *api.records[:38])
        walker.fetch_page = spoilt(api.fetch, {"20"})
        walker.walk(ManualPool(2).pool)

        assert walker.known == ["32", "22", "12"]
        assert costs(api, walker, 1) == [4]

    def test_a_malformed_record_in_the_place_of_a_boundary_is_skipped(self) -> None:
        """Its id may not be usable where it is not the last of its page."""
        api = FakeList(newest_first(40))
        walker = ConcurrentWalker(spoilt(api.fetch, {"20"}), 10, 32)
        walker.walk(ManualPool(2).pool)

        assert walker.known == ["30", "10"]

    def test_a_refused_limit_starts_over(self) -> None:
        """What was requested with the refused limit is not used."""
        api, walker = after_a_walk(2500, None)
        api.quirks = Quirks(max_limit=500, over_limit="refuse")
        walked = walker.walk(ManualPool(2).pool)

        assert len(walked.records) == 2500
        assert sorted(limit for _, limit in api.requested) == [500] * 5 + [1000] * 2

    def test_a_record_that_moved_to_the_tail_is_found_there(self) -> None:
        """The tail was read before the page that the record left, and is read again: records are missing."""
        api, walker = after_a_walk(30, 10)
        moved = api.records[5]

        def move(request: int) -> None:
            if request == 2:
                api.records = (*without(api.records, {moved.id}), moved)

        api.before = move
        walked = walker.walk(ManualPool(3, last).pool)

        assert len(walked.records) == 30


class TestFailures:
    """Which failures end a walk, and when."""

    @staticmethod
    def failing(
        api: FakeList, at: str, fail: Callable[[], ApiError | ZeroDivisionError]
    ) -> Callable[[str | None, int], Page[Backup]]:
        """Let the request for one marker fail."""

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker == at:
                raise fail()
            return api.fetch(marker, limit)

        return fetch

    @pytest.mark.parametrize("reason", [Reason.AUTH, Reason.FORBIDDEN, Reason.RATE_LIMITED])
    def test_a_failure_of_every_request_stops_all(self, reason: Reason) -> None:
        """No request is sent once one is refused, wherever its page is."""
        api, walker = after_a_walk(100, 10)
        walker.fetch_page = self.failing(api, "80", lambda: ApiError(reason, "no"))
        result = result_or_reason(lambda: walker.walk(ManualPool(3, last).pool))

        assert result is reason
        assert api.requested == []
        assert len(walker.known) == 9

    @pytest.mark.parametrize("reason", [Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.CONNECTION])
    def test_a_failure_of_one_page_counts_once_it_is_reached(self, reason: Reason) -> None:
        """The walk uses the pages before it, and fails there as the sequential walk does."""
        api, walker = after_a_walk(50, 10)
        walker.fetch_page = self.failing(api, "20", lambda: ApiError(reason, "not now", status=503))
        failed = result_or_reason(lambda: walker.walk(ManualPool(3, last).pool))
        api.records = without(api.records, {"20"})
        unreached = result_or_reason(lambda: walker.walk(ManualPool(3).pool))

        assert failed is reason
        assert isinstance(unreached, WalkResult)

    def test_a_bug_is_no_failure_of_the_api(self) -> None:
        """It ends the walk as what it is, even in a page that may never be needed."""
        api, walker = after_a_walk(50, 10)
        walker.fetch_page = self.failing(api, "30", ZeroDivisionError)

        with pytest.raises(ZeroDivisionError):
            walker.walk(ManualPool(3).pool)
