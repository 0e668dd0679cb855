"""The concurrent walk: right whatever becomes of the list, and whenever the answers come."""

import random
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Malformed, Page
from exporter.results import WalkResult
from exporter.simulator.quirks import Quirks
from exporter.walk import FetchPage, PageBoundaries, PageSize, Pool, Threads, walk
from exporter.walk import walk_concurrently as walk_ahead_of
from exporter.walk.pool import Submit
from tests.support.builders import NOON, FakeList, backup

DEAD = st.sampled_from(["error", "empty", "start"])


class Hands:
    """A pool without threads: one request runs when the walk waits, whichever `choose` picks."""

    def __init__(self, choose: Callable[[int], int] = lambda _: 0) -> None:
        self._choose = choose
        self._work: dict[Future[Any], Callable[[], Any]] = {}
        self.most = 0

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Keep the work for later."""
        future: Future[Any] = Future()
        self._work[future] = partial(work, *arguments)
        self.most = max(self.most, len(self._work))
        return future

    def await_any(self, awaited: Collection[Future[Any]]) -> Collection[Future[Any]]:
        """Do one piece of work."""
        ready = [future for future in self._work if future in awaited]
        future = ready[self._choose(len(ready))]
        work = self._work.pop(future)
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - as executors do
            future.set_exception(error)
        return [future]

    def pool(self, size: int) -> Pool:
        """Return the pool that this executor makes."""
        return Pool(self.submit, size, self.await_any)


def drawn(data: st.DataObject) -> Hands:
    """Return hands that work in an order that hypothesis draws."""
    return Hands(lambda count: data.draw(st.integers(0, count - 1), label="answer"))


def backups(count: int) -> tuple[Backup, ...]:
    """Make so many, newest first."""
    return tuple(dated(number) for number in reversed(range(count)))


def dated(number: int) -> Backup:
    """Make a backup that was updated so many minutes after noon."""
    return backup(number, updated_at=NOON + timedelta(minutes=number))


class Marks:
    """The page boundaries that one walk leaves to the next."""

    def __init__(self, *numbers: int) -> None:
        self.boundaries = PageBoundaries(
            {str(number): dated(number) for number in numbers}, newest_first=True
        )

    @property
    def ids(self) -> list[str]:
        """The ids of the boundaries."""
        return list(self.boundaries.records)


def ids(walked: WalkResult[Backup]) -> list[str]:
    """Name what was walked."""
    return [record.id for record in walked.records.values()]


def walk_ahead(fetch: FetchPage[Backup], page_size: PageSize, marks: Marks, pool: Pool) -> WalkResult[Backup]:
    """Walk ahead over pages that need no decoding."""
    walked, marks.boundaries = walk_ahead_of(fetch, lambda page: page, page_size, pool, marks.boundaries)
    return walked


def outcome(walking: Callable[[], WalkResult[Backup]]) -> object:
    """Return the walk, or the reason why there is none."""
    try:
        return walking()
    except ApiError as error:
        return error.reason


def spoilt(fetch_page: FetchPage[Backup], names: Collection[str]) -> FetchPage[Backup]:
    """Make some records malformed, whose ids stay usable as markers."""

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        page = fetch_page(marker, limit)
        places = enumerate(page.records, start=1)
        return replace(
            page,
            records=tuple(record for record in page.records if record.id not in names),
            malformed=tuple(Malformed(place, "spoilt") for place, record in places if record.id in names),
        )

    return fetch


class ConcurrentWalks(RuleBasedStateMachine):
    """A list that changes between walks in every way, walked by any number of hands in any order."""

    @initialize(
        count=st.integers(0, 40),
        size=st.integers(1, 7),
        concurrency=st.integers(1, 6),
        dead_marker=DEAD,
        status=st.sampled_from([400, 404, 422]),
        meta=st.booleans(),
        links=st.booleans(),
        total=st.booleans(),
        has_more=st.booleans(),
    )
    def begin(self, count: int, size: int, concurrency: int, status: int, **quirks: Any) -> None:
        """Choose a list, an API and a size of page."""
        self.api = FakeList(backups(count), Quirks(dead_marker_status=status, **quirks))  # type: ignore[arg-type]
        self.size = size
        self.concurrency = concurrency
        self.marks = Marks()
        self.spoilt: set[str] = set()
        self.made = 0
        self.unchanged = False
        tells_the_end = self.api.quirks.links or (self.api.quirks.meta and self.api.quirks.has_more)
        self.data_warnings = (
            0 if tells_the_end else 2
        )  # requests, where only an empty page and the one before end it

    def change(self, records: tuple[Backup, ...]) -> None:
        """Replace the list."""
        self.unchanged = self.unchanged and records == self.api.records
        self.api.records = records

    @rule(data=st.data(), count=st.integers(1, 9))
    def insert(self, data: st.DataObject, count: int) -> None:
        """Put new records somewhere."""
        place = data.draw(st.integers(0, len(self.api.records)))
        fresh = tuple(backup(f"new-{self.made + number}") for number in range(count))
        self.made += count
        self.change((*self.api.records[:place], *fresh, *self.api.records[place:]))

    @rule(every=st.integers(1, 8))
    def insert_everywhere(self, every: int) -> None:
        """Put a new record into each of many places."""
        records: list[Backup] = []
        for place, record in enumerate(self.api.records):
            if place % every == 0:
                records.append(backup(f"new-{self.made}"))
                self.made += 1
            records.append(record)
        self.change(tuple(records))

    @rule(data=st.data(), count=st.integers(1, 20))
    def delete(self, data: st.DataObject, count: int) -> None:
        """Take a stretch out: single records, whole pages, everything."""
        place = data.draw(st.integers(0, len(self.api.records)))
        self.change(self.api.records[:place] + self.api.records[place + count :])

    @rule(data=st.data())
    def delete_markers(self, data: st.DataObject) -> None:
        """Take out what the next walk will try."""
        gone = data.draw(st.sets(st.sampled_from(self.marks.ids))) if self.marks.ids else set()
        self.change(tuple(record for record in self.api.records if record.id not in gone))

    @rule(seed=st.integers(0, 99))
    def reorder(self, seed: int) -> None:
        """Bring all into another order."""
        self.change(tuple(random.Random(seed).sample(self.api.records, len(self.api.records))))  # noqa: S311

    @rule()
    def turn_round(self) -> None:
        """Bring all into the opposite order."""
        self.change(self.api.records[::-1])

    @rule(most=st.none() | st.integers(1, 7))
    def resize(self, most: int | None) -> None:
        """Let the API give less than it is asked for."""
        if self.api.quirks.meta or self.api.quirks.links:
            self.unchanged = False
            self.api.quirks = replace(self.api.quirks, max_limit=most)

    @rule(data=st.data())
    def spoil(self, data: st.DataObject) -> None:
        """Make some malformed, where the API tells of the list's end: else those there count twice."""
        self.unchanged = False
        names = [] if self.data_warnings else [record.id for record in self.api.records]
        self.spoilt = data.draw(st.sets(st.sampled_from(names), max_size=4)) if names else set()

    @rule(data=st.data())
    def walk_both_ways(self, data: st.DataObject) -> None:
        """Both ways give the same; a page that was fetched ahead in vain is fetched at most once more."""
        fetch = spoilt(self.api.fetch, self.spoilt)
        self.api.asked.clear()
        expected = outcome(lambda: walk(fetch, PageSize(self.size)))
        needed = len(self.api.asked)
        self.api.asked.clear()
        tried = len(self.marks.ids)
        hands = drawn(data)
        pool = hands.pool(self.concurrency)
        found = outcome(lambda: walk_ahead(fetch, PageSize(self.size), self.marks, pool))

        assert found == expected
        assert hands.most <= self.concurrency
        assert len(self.api.asked) <= (
            needed if self.unchanged else 2 * (needed + tried) + self.data_warnings
        )
        assert not isinstance(found, WalkResult) or len(self.marks.ids) <= needed
        self.unchanged = isinstance(found, WalkResult)


TestConcurrentWalks = ConcurrentWalks.TestCase
TestConcurrentWalks.settings = settings(max_examples=100, stateful_step_count=12, deadline=None)


def changing(api: FakeList, change: Callable[[], tuple[Backup, ...]]) -> None:
    """Replace the list ahead of each request but the first."""

    def before(number: int) -> None:
        if number > 1:
            api.records = change()

    api.before = before


@given(
    data=st.data(),
    count=st.integers(0, 24),
    size=st.integers(1, 6),
    hands=st.integers(1, 5),
    dead_marker=DEAD,
    moves=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_what_was_there_all_along_is_never_lost(  # noqa: PLR0913 - each drawn
    *, data: st.DataObject, count: int, size: int, hands: int, dead_marker: Any, moves: bool
) -> None:
    """Whatever is added and deleted meanwhile, and in whichever order answers come.

    Rows that move can be missed, as by the sequential walk: see the tests of each end.
    """
    api = FakeList(backups(count), Quirks(dead_marker=dead_marker))
    marks = Marks()
    outcome(lambda: walk_ahead(api.fetch, PageSize(size), marks, Hands().pool(hands)))
    stayed, ever = {record.id for record in api.records}, set(backups(count))

    def change() -> tuple[Backup, ...]:
        if not api.records or data.draw(st.integers(0, 1), label="change"):
            return api.records
        names = [record.id for record in api.records]
        gone = data.draw(st.sets(st.sampled_from(names), max_size=3), label="delete")
        moved = data.draw(st.sampled_from([None, *names] if moves else [None]), label="move")
        stayed.difference_update(gone)
        fresh = (backup(f"new-{len(ever)}"),) if data.draw(st.booleans(), label="insert") else ()
        ever.update(fresh)
        resting = tuple(record for record in api.records if record.id not in {moved, *gone})
        jumped = tuple(record for record in api.records if record.id == moved and moved not in gone)
        ends = (*fresh, *jumped, *resting), (*fresh, *resting, *jumped)
        return ends[data.draw(st.integers(0, 1), label="to the tail")]

    changing(api, change)
    found = outcome(lambda: walk_ahead(api.fetch, PageSize(size), marks, drawn(data).pool(hands)))

    if isinstance(found, WalkResult):
        assert set(found.records.values()) <= ever
        assert moves or stayed <= set(ids(found))
    else:
        assert found is Reason.PAGINATION


class TestAhead:
    """What is asked for, and when."""

    def after_a_walk(self, count: int, size: int, quirks: Quirks | None = None) -> tuple[FakeList, Marks]:
        """Return a list that was walked once, and what is remembered of it."""
        api, marks = FakeList(backups(count), quirks), Marks()
        walk_ahead(api.fetch, PageSize(size), marks, Hands().pool(4))
        api.asked.clear()
        return api, marks

    def test_an_unchanged_list_costs_exactly_its_pages(self) -> None:
        """All are asked for at once, the last page's marker included, and none behind it."""
        api, marks = self.after_a_walk(100, 10)
        hands = Hands()
        walk_ahead(api.fetch, PageSize(10), marks, hands.pool(8))

        assert api.asked == [(None, 10), *((str(marker), 10) for marker in range(90, 0, -10))]
        assert hands.most == 8

    @pytest.mark.parametrize("actual", [1, 3, 4, 7, 12])
    @pytest.mark.parametrize("stated", [None, 5])
    def test_pages_of_another_length_than_requested_cost_exactly_their_number(
        self, *, actual: int, stated: int | None
    ) -> None:
        """The API may cap the limit or ignore it, without a word or while it repeats the requested limit."""
        api, marks, costs = FakeList(backups(29), Quirks(meta=False)), Marks(), []

        def fetch(marker: str | None, _limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, actual), limit=stated)

        for _ in range(3):
            api.asked.clear()
            walk_ahead(fetch, PageSize(5), marks, Hands().pool(2))
            costs.append(len(api.asked))

        assert costs == [-(-29 // actual)] * 3

    def test_a_limit_that_was_lowered_between_two_walks_costs_more_requests_once(self) -> None:
        """The walk after the change starts from outdated boundaries, and leaves new ones."""
        api, marks = self.after_a_walk(29, 5, Quirks(meta=False))
        api.records = tuple(record for record in api.records if record.id not in {"19", "24"})
        api.quirks = replace(api.quirks, max_limit=3)
        costs = []
        for _ in range(3):
            api.asked.clear()
            walk_ahead(api.fetch, PageSize(5), marks, Hands().pool(2))
            costs.append(len(api.asked))

        assert costs == [13, 9, 9]

    @pytest.mark.parametrize("place", [0, 35, 99])
    def test_one_insertion_costs_one_request_more(self, place: int) -> None:
        """The pages behind it are found by their markers."""
        api, marks = self.after_a_walk(100, 10)
        api.records = (*api.records[:place], backup("new"), *api.records[place:])
        walked = walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(4))

        assert len(walked.records) == 101
        assert len(api.asked) == 11

    def test_insertions_everywhere_do_not_make_it_serial(self) -> None:
        """Where a page does not reach the next marker, what follows it is asked for at once."""
        api, marks = self.after_a_walk(100, 10)
        api.records = tuple(
            made
            for record in api.records
            for made in (backup(f"new-{record.id}"), record)[int(record.id) % 10 != 5 :]
        )
        rounds = []

        def all_at_once(running: Collection[Future[Any]]) -> Collection[Future[Any]]:
            rounds.append(len(running))
            return [done for _ in tuple(running) for done in hands.await_any(running)]

        hands = Hands()
        walk_ahead(api.fetch, PageSize(10), marks, Pool(hands.submit, 10, all_at_once))

        assert sum(rounds) == 20
        assert len(rounds) == 2

    def test_what_the_walk_needs_comes_first(self) -> None:
        """In a list that was turned round, the marker at the queue's end is not kept waiting."""
        api, marks = self.after_a_walk(100, 10)
        api.records = api.records[::-1]
        walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(1))

        assert [marker for marker, _ in api.asked[:3]] == [None, "9", "10"]

    def test_an_api_that_always_counts_more_costs_its_pages(self) -> None:
        """But for the first walk, which walks again to find out, and leaves its marks all the same."""
        api, marks, usual, asked = FakeList(backups(25)), Marks(), 0, []

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=28)

        for _ in range(3):
            api.asked.clear()
            walked, marks.boundaries = walk_ahead_of(
                fetch,
                lambda page: page,
                PageSize(10),
                Hands().pool(2),
                marks.boundaries,
                usual_shortfall=usual,
            )
            usual = walked.shortfall
            asked.append([marker for marker, _ in api.asked])

        assert asked == [[None, "15", "5", "6", None] * 2, [None, "15", "5"], [None, "15", "5"]]
        assert marks.ids == ["15", "5"]

    def test_a_dead_marker_costs_one_request(self) -> None:
        """No page holds it, so that what it brings is not used."""
        api, marks = self.after_a_walk(100, 10)
        api.records = tuple(record for record in api.records if record.id != "50")
        walked = walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(4))

        assert len(walked.records) == 99
        assert len(api.asked) == 11

    def test_an_emptied_list_ends_with_its_head(self) -> None:
        """What is still queued is not sent."""
        api, marks = self.after_a_walk(100, 10)
        api.records = ()
        walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(3))

        assert len(api.asked) == 1

    @pytest.mark.parametrize("tells", [True, False])
    @pytest.mark.parametrize("dead_marker", ["error", "empty", "start"])
    def test_a_marker_that_dies_between_its_page_and_the_one_before_is_gone_round(
        self, *, dead_marker: Any, tells: bool
    ) -> None:
        """The page that was cut at it has what follows, so that nothing more is asked for."""
        api, marks = self.after_a_walk(20, 10, Quirks(dead_marker=dead_marker, meta=tells, links=tells))
        api.records = (backup("new-1"), *api.records)  # the head would be cut at 11 but for walking on
        marks = Marks(15)

        def delete(number: int) -> None:
            if number == 2:
                api.records = tuple(record for record in api.records if record.id not in {"15", "16"})

        api.before = delete
        walked = walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(1))

        assert ids(walked) == ["new-1", *(str(number) for number in range(19, -1, -1))]

    def test_a_record_that_comes_twice_leaves_no_marks(self) -> None:
        """The next walk is sequential: a marker that stands in two places says nothing."""
        api, marks = FakeList((*backups(20), backup(3))), Marks()
        walked = walk_ahead(api.fetch, PageSize(7), marks, Hands().pool(2))

        assert walked.duplicates == 1
        assert marks.ids == []

    def test_a_malformed_record_marks_nothing(self) -> None:
        """The page behind it is found by walking on, at no cost but its own."""
        api, marks = FakeList(backups(40)), Marks()
        walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(2))
        moved = spoilt(api.fetch, {"20"})
        api.records = (backup("new"), backup("newer"), *api.records[:38])
        api.asked.clear()
        walk_ahead(moved, PageSize(10), marks, Hands().pool(2))
        first = marks.ids
        api.asked.clear()
        walk_ahead(moved, PageSize(10), marks, Hands().pool(2))

        assert first == ["32", "22", "12"]
        assert len(api.asked) == 4

    def test_a_malformed_record_in_the_place_of_a_mark_is_passed_over(self) -> None:
        """Its id may not be usable where it is not its page's last."""
        api, marks = FakeList(backups(40)), Marks(32)
        walk_ahead(spoilt(api.fetch, {"20"}), PageSize(10), marks, Hands().pool(2))

        assert marks.ids == ["30", "10"]

    def test_a_refused_limit_begins_anew(self) -> None:
        """What was asked for with the limit that is refused is not used."""
        api, marks = self.after_a_walk(2500, 1000)
        api.quirks = Quirks(max_limit=500, over_limit="refuse")
        walked = walk_ahead(api.fetch, PageSize(), marks, Hands().pool(2))

        assert len(walked.records) == 2500
        assert sorted(limit for _, limit in api.asked) == [500] * 5 + [1000] * 2

    def test_a_row_that_jumped_to_the_tail_is_found_there(self) -> None:
        """The tail was read before the page that the row left: it is read again where rows are missing."""
        api, marks = self.after_a_walk(30, 10)
        moved = api.records[5]

        def jump(number: int) -> None:
            if number == 2:
                api.records = tuple(record for record in api.records if record is not moved)
                api.records = (*api.records, moved)

        api.before = jump
        last_first = Hands(lambda count: count - 1)
        walked = walk_ahead(api.fetch, PageSize(10), marks, last_first.pool(3))

        assert len(walked.records) == 30

    @pytest.mark.parametrize("reason", [Reason.AUTH, Reason.FORBIDDEN, Reason.RATE_LIMITED])
    def test_what_speaks_of_every_request_stops_all(self, reason: Reason) -> None:
        """No more are sent once one is refused, wherever it stands."""
        api, marks = self.after_a_walk(100, 10)

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker == "80":
                raise ApiError(reason, "no")
            return api.fetch(marker, limit)

        last_first = Hands(lambda count: count - 1)
        found = outcome(lambda: walk_ahead(fetch, PageSize(10), marks, last_first.pool(3)))

        assert found is reason
        assert api.asked == []
        assert len(marks.ids) == 9

    @pytest.mark.parametrize("reason", [Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.CONNECTION])
    def test_other_failures_count_once_they_are_reached(self, reason: Reason) -> None:
        """The walk takes the pages before, and fails there as the sequential one does."""
        api, marks = self.after_a_walk(50, 10)

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker == broken:
                raise ApiError(reason, "not now", status=503)
            return api.fetch(marker, limit)

        broken = "20"
        failed = outcome(
            lambda: walk_ahead(fetch, PageSize(10), marks, Hands(lambda count: count - 1).pool(3))
        )
        api.records = tuple(record for record in api.records if record.id != broken)
        unreached = outcome(lambda: walk_ahead(fetch, PageSize(10), marks, Hands().pool(3)))

        assert failed is reason
        assert isinstance(unreached, WalkResult)

    def test_a_bug_is_no_failure_of_the_api(self) -> None:
        """It ends the walk as what it is, even in a page that may never be needed."""
        api, marks = self.after_a_walk(50, 10)

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker == "30":
                raise ZeroDivisionError
            return api.fetch(marker, limit)

        with pytest.raises(ZeroDivisionError):
            walk_ahead(fetch, PageSize(10), marks, Hands().pool(3))


@given(
    data=st.data(),
    count=st.integers(0, 40),
    size=st.integers(1, 6),
    hands=st.integers(1, 5),
    dead_marker=DEAD,
)
@settings(deadline=None)
def test_failing_pages_fail_the_walk_or_do_not_matter(
    data: st.DataObject, count: int, size: int, hands: int, dead_marker: Any
) -> None:
    """Whichever requests fail: a walk that ends well is whole, and one that does not says why."""
    api, marks = FakeList(backups(count), Quirks(dead_marker=dead_marker)), Marks()
    outcome(lambda: walk_ahead(api.fetch, PageSize(size), marks, Hands().pool(hands)))
    failures = data.draw(
        st.dictionaries(st.integers(1, 12), st.sampled_from([Reason.AUTH, Reason.SERVER_ERROR]))
    )
    asked: list[str | None] = []

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        asked.append(marker)
        if len(asked) in failures:
            raise ApiError(failures[len(asked)], "no", status=500)
        return api.fetch(marker, limit)

    found = outcome(lambda: walk_ahead(fetch, PageSize(size), marks, drawn(data).pool(hands)))

    if isinstance(found, WalkResult):
        assert tuple(found.records.values()) == api.records
    else:
        assert found in {failures[number] for number in failures if number <= len(asked)}


class BasicAuthMiddleware:
    """Holds every request until all that were sent are there, then lets them through in a random order."""

    def __init__(self, seed: int, submit: Submit) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._submit = submit
        self._changed = threading.Condition()
        self._waiting: list[object] = []
        self._sent = 0
        self._closed = False
        self.most = 0

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Send one more."""
        with self._changed:
            self._sent += 1
            self.most = max(self.most, self._sent)
        return self._submit(self._pass, work, arguments)

    def _pass(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        me = object()
        with self._changed:
            self._waiting.append(me)
            self._changed.notify_all()
            self._changed.wait_for(lambda: me not in self._waiting)
        return work(*arguments)

    def open(self) -> None:
        """Let them through, one after the other, until it is closed."""
        with self._changed:
            while self._changed.wait_for(lambda: self._closed or len(self._waiting) == self._sent > 0):
                if self._closed:
                    self._waiting.clear()
                    self._changed.notify_all()
                    return
                self._waiting.pop(self._random.randrange(len(self._waiting)))
                self._sent -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End `open`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


@contextmanager
def gated(seed: int, size: int) -> Iterator[tuple[BasicAuthMiddleware, Pool]]:
    """Give a pool of real threads behind a gate."""
    with Threads(size) as threads:
        gate = BasicAuthMiddleware(seed, threads.submit)
        opener = threading.Thread(target=gate.open)
        opener.start()
        try:
            yield gate, Pool(gate.submit, size)
        finally:
            gate.close()
            opener.join()


@pytest.mark.parametrize("seed", range(200))
def test_answers_may_come_in_every_order(seed: int) -> None:
    """Real threads, a list that changed: the same walk, and no more requests at once than allowed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    size, threads = chance.randint(1, 9), chance.randint(2, 8)
    api, marks = FakeList(backups(chance.randint(0, 60))), Marks()
    walk_ahead(api.fetch, PageSize(size), marks, Hands().pool(1))
    kept = [record for record in api.records if chance.random() > 0.1]
    for number in range(chance.randint(0, 5)):
        kept.insert(chance.randint(0, len(kept)), backup(f"new-{number}"))
    api.records = tuple(kept)

    with gated(seed, threads) as (gate, pool):
        walked = walk_ahead(api.fetch, PageSize(size), marks, pool)

    assert walked == walk(api.fetch, PageSize(size))
    assert gate.most <= threads


def test_pages_are_read_in_the_walks_own_thread() -> None:
    """The pool's threads only fetch."""
    api, marks, read_in = FakeList(backups(60)), Marks(), []

    def read(page: Page[Backup]) -> Page[Backup]:
        read_in.append(threading.current_thread())
        return page

    with Threads(4) as threads:
        for _ in range(2):
            pool = Pool(threads.submit, 4)
            walked, marks.boundaries = walk_ahead_of(api.fetch, read, PageSize(10), pool, marks.boundaries)

    assert len(walked.records) == 60
    assert set(read_in) == {threading.current_thread()}
    assert len(read_in) == 12


def test_what_nobody_wants_any_more_is_not_read() -> None:
    """Pages of a size that the API refuses at the head, but answers to markers."""
    api, marks, limits = FakeList(backups(60)), Marks(50, 40, 30), []

    def fetch(marker: str | None, limit: int) -> tuple[int, Page[Backup]]:
        if marker is None and limit == PageSize.STEPS[0]:
            raise ApiError(Reason.CLIENT_ERROR, "too large", status=400)
        return limit, api.fetch(marker, limit)

    def read(body: tuple[int, Page[Backup]]) -> Page[Backup]:
        limits.append(body[0])
        return body[1]

    walked, _ = walk_ahead_of(fetch, read, PageSize(), Hands().pool(4), marks.boundaries)

    assert len(walked.records) == 60
    assert PageSize.STEPS[0] not in limits


def test_what_cannot_be_read_fails_the_walk_where_it_is_reached() -> None:
    """As a fetch that fails."""
    api, marks = FakeList(backups(40)), Marks()
    walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(2))

    def read(page: Page[Backup]) -> Page[Backup]:
        if any(record.id == "15" for record in page.records):
            raise ApiError(Reason.BAD_RESPONSE, "no JSON")
        return page

    found = outcome(
        lambda: walk_ahead_of(api.fetch, read, PageSize(10), Hands().pool(2), marks.boundaries)[0]
    )

    assert found == Reason.BAD_RESPONSE


def in_the_middle_of_a_walk(
    records: tuple[Backup, ...], change: Callable[[tuple[Backup, ...]], tuple[Backup, ...]], *, total: bool
) -> WalkResult[Backup]:
    """Walk a list of pages of 40, once at rest, and once where it changes before the head is answered."""
    api, marks = FakeList(records, Quirks(total=total)), Marks()
    walk_ahead(api.fetch, PageSize(40), marks, Hands().pool(4))
    api.asked.clear()
    heads = 0

    def before(_: int) -> None:
        nonlocal heads
        heads += api.asked[-1][0] is None
        if heads == 1 and api.asked[-1][0] is None:
            api.records = change(api.records)

    api.before = before
    return walk_ahead(api.fetch, PageSize(40), marks, Hands(lambda count: count - 1).pool(20))


def touched(numbers: Iterable[int]) -> tuple[Backup, ...]:
    """Make backups that were updated long after the others, the last one last."""
    return tuple(
        backup(number, updated_at=NOON + timedelta(days=1, seconds=second))
        for second, number in enumerate(numbers)
    )


def without(records: tuple[Backup, ...], moved: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Return the records that did not move."""
    names = {record.id for record in moved}
    return tuple(record for record in records if record.id not in names)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("border", [360, 320, 200, 40])
def test_a_border_that_moved_to_the_end_of_the_head_is_not_continued_from_the_cache(
    border: int, *, total: bool
) -> None:
    """Newest update first: its page was fetched before it moved, the head after that. Nothing is lost."""

    def change(records: tuple[Backup, ...]) -> tuple[Backup, ...]:
        moved = touched([border, *range(39)])
        return (*reversed(moved), *without(records, moved))

    walked = in_the_middle_of_a_walk(backups(400), change, total=total)

    assert sorted(map(int, walked.records)) == list(range(400))


@pytest.mark.parametrize("total", [True, False])
def test_a_border_that_moved_into_the_head_is_not_continued_from_the_cache(*, total: bool) -> None:
    """Its page was fetched before it moved, and holds a record that moved after that, as the head does."""

    def change(records: tuple[Backup, ...]) -> tuple[Backup, ...]:
        moved = touched([199, 200])
        return (*reversed(moved), *without(records, moved))

    walked = in_the_middle_of_a_walk(backups(400), change, total=total)

    assert sorted(map(int, walked.records)) == list(range(400))


@pytest.mark.parametrize("total", [True, False])
def test_the_tail_is_read_last_where_records_may_move_there(*, total: bool) -> None:
    """Oldest update first: a record moves from the head to the tail before the head is answered."""

    def change(records: tuple[Backup, ...]) -> tuple[Backup, ...]:
        moved = touched([3])
        return (*without(records, moved), *moved)

    walked = in_the_middle_of_a_walk(backups(390)[::-1], change, total=total)

    assert sorted(map(int, walked.records)) == list(range(390))


def test_a_list_with_its_oldest_update_first_costs_exactly_its_pages() -> None:
    """Its last page waits for the one before it."""
    api, marks = FakeList(backups(95)[::-1]), Marks()
    walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(4))
    api.asked.clear()
    walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(20))

    assert [marker for marker, _ in api.asked] == [None, *(str(number) for number in range(9, 95, 10))]


def test_a_tail_that_was_walked_to_early_is_read_again() -> None:
    """Oldest update first, and the last page is no longer the one that was held back."""
    api, marks = FakeList(backups(40)[::-1]), Marks()
    walk_ahead(api.fetch, PageSize(10), marks, Hands().pool(4))
    api.records = api.records[:25]
    api.asked.clear()

    def move(_: int) -> None:
        if api.asked[-1][0] is None:
            moved = touched([3])
            api.records = (*without(api.records, moved), *moved)

    api.before = move
    api.quirks = Quirks(total=False)
    walked = walk_ahead(api.fetch, PageSize(10), marks, Hands(lambda count: count - 1).pool(20))

    assert sorted(map(int, walked.records)) == list(range(25))
    assert [marker for marker, _ in api.asked] == ["19", "9", None, "19"]
