"""The sequential walk."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Malformed, Page
from exporter.simulator.quirks import Quirks
from exporter.walk import FetchPage, PageSize, walk
from exporter.walk.endless import ALWAYS_PAGES, ALWAYS_RECORDS, LARGEST_LIST, TIMES_REPORTED
from tests.support.builders import NOON, FakeList, backup

HABITS = st.builds(
    Quirks,
    meta=st.booleans(),
    links=st.booleans(),
    total=st.booleans(),
    has_more=st.booleans(),
    max_limit=st.none() | st.integers(1, 30),
    dead_marker=st.sampled_from(["error", "empty", "start"]),
    null_list=st.booleans(),
    time_style=st.sampled_from(["Z", "fractions", "+00:00", "no zone"]),
)


def backups(count: int) -> tuple[Backup, ...]:
    """Make so many, newest first."""
    return tuple(backup(number) for number in reversed(range(count)))


def ids(records: Iterable[Backup]) -> list[str]:
    """Name the records."""
    return [record.id for record in records]


def page(*names: str | int, **facts: object) -> Page[Backup]:
    """Make a page of these backups, whose marker is the last one's id."""
    settings = {"length": len(names), "markers": tuple(str(name) for name in names[-1:])}
    return Page(records=tuple(backup(name) for name in names), **(settings | facts))  # type: ignore[arg-type]


def pages(answers: dict[str | None, Page[Backup]]) -> Callable[[str | None, int], Page[Backup]]:
    """Make a `FetchPage` of a dict from marker to page; any other marker is a 404."""

    def fetch(marker: str | None, _limit: int) -> Page[Backup]:
        if marker not in answers:
            raise ApiError(Reason.CLIENT_ERROR, "no such marker", status=404)
        return answers[marker]

    return fetch


@given(count=st.integers(0, 60), size=st.integers(1, 30), quirks=HABITS)
def test_every_record_comes_once(count: int, size: int, quirks: Quirks) -> None:
    """Whatever the API's way of paging, a list at rest is walked whole."""
    if not (quirks.meta or quirks.links) and quirks.max_limit and quirks.max_limit < size:
        size = quirks.max_limit  # a cap that nothing tells of cannot be told from the end: see the next test
    if quirks.null_list and not (quirks.meta and quirks.total and quirks.has_more):
        quirks = replace(quirks, null_list=False)  # without list and total nothing says that it is an answer
    api = FakeList(backups(count), quirks)

    walked = walk(api.fetch, PageSize(size))

    assert sorted(ids(walked.records.values())) == sorted(ids(api.records))
    assert walked.malformed == 0


def test_a_short_page_ends_no_list_that_is_said_to_hold_more() -> None:
    """A cap that only the total betrays does not cut the walk short."""
    fetch = pages({None: page(5, 4, total=6), "4": page(3, 2, total=6), "2": page(1, 0, total=6)})

    walked = walk(fetch, PageSize(1000))

    assert ids(walked.records.values()) == ["5", "4", "3", "2", "1", "0"]


def test_an_unchanged_list_costs_exactly_its_pages() -> None:
    """No request is made that the API's own words make needless."""
    api = FakeList(backups(50))

    walk(api.fetch, PageSize(20))

    assert api.asked == [(None, 20), ("30", 20), ("10", 20)]


def test_a_page_shorter_than_asked_ends_a_list_without_meta_and_links() -> None:
    """Where nothing else is said, length decides."""
    api = FakeList(backups(25), Quirks(meta=False, links=False))

    walked = walk(api.fetch, PageSize(20))

    assert len(walked.records) == 25
    assert len(api.asked) == 2


def test_the_limit_in_force_is_the_apis_own_word() -> None:
    """A quietly lowered limit is no short page."""
    api = FakeList(backups(25), Quirks(links=False, has_more=False, total=False, max_limit=10))

    walked = walk(api.fetch, PageSize(20))

    assert len(walked.records) == 25
    assert walked.limit == 10


def test_links_end_a_list_without_meta() -> None:
    """A `links` without `next` is the end, however long the page."""
    fetch = pages({None: page(2, 1, more=True), "1": page(0, more=False)})

    assert len(walk(fetch, PageSize(1)).records) == 3


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({None: page(more=True)}, "page 1 is empty, but the API says that more follow"),
        ({None: page(2, 1, more=True, markers=())}, "page 1 names no marker to continue from"),
        (
            {
                None: page(2, 1, more=True),
                "1": page(1, more=True, length=2, malformed=(Malformed(1, "no status"),)),
            },
            "page 2 names only markers that were used before",
        ),
        (
            {None: page(2, 1, more=True), "1": page(0, 1, more=True)},
            "page 3 cannot be read: neither the last marker nor the records before it lead to new records",
        ),
        (
            {None: page(2, 1, more=True), "1": page(1, more=True), "2": page(2, 1, more=True)},
            "page 2 cannot be read: neither the last marker nor the records before it lead to new records",
        ),
    ],
)
def test_what_leads_nowhere_fails_the_walk(answers: dict[str | None, Page[Backup]], problem: str) -> None:
    """Loops and dead ends are `pagination`, never a shorter list."""
    with pytest.raises(ApiError) as failure:
        walk(pages(answers), PageSize(2))

    assert failure.value.reason is Reason.PAGINATION
    assert failure.value.message == problem


def test_other_markers_serve_where_the_last_record_has_no_id() -> None:
    """The first of the fallback markers that was not used yet is taken."""
    fetch = pages(
        {
            None: page(3, 2, more=True, markers=("2",)),
            "2": page(1, more=True, markers=("2", "linked")),
            "linked": page(0, more=False),
        }
    )

    assert ids(walk(fetch, PageSize(2)).records.values()) == ["3", "2", "1", "0"]


def test_of_a_repeated_record_the_newest_copy_counts() -> None:
    """The copy updated last is kept, wherever it stands, and repetition is counted."""
    early, late = (backup(1, updated_at=NOON.replace(hour=hour), size=hour) for hour in (1, 2))
    undated = backup(1, size=9.0)
    fetch = pages(
        {
            None: Page(records=(late, backup(0)), length=2, markers=("0",), more=True),
            "0": Page(records=(early, undated, backup(2)), length=3, markers=("2",), more=False),
        }
    )

    walked = walk(fetch, PageSize(2))

    assert walked.records["1"].size == 2
    assert walked.duplicates == 2


def test_a_dated_copy_is_newer_than_an_undated_one() -> None:
    """A copy without `updated_at` gives way."""
    dated = backup(1, updated_at=NOON, size=2.0)
    fetch = pages({None: Page(records=(backup(1), dated), length=2, more=False)})

    assert walk(fetch, PageSize(2)).records == {"1": dated}


def test_malformed_records_are_counted_and_the_first_is_placed() -> None:
    """A page with nothing but malformed records is passed through, not taken for a dead end."""
    bad = (Malformed(1, "no status"), Malformed(2, "no id"))
    fetch = pages(
        {
            None: page(2, 1, more=True),
            "1": page(more=True, length=2, malformed=bad, markers=("x",)),
            "x": page(0, more=False),
        }
    )

    walked = walk(fetch, PageSize(2))

    assert walked.malformed == 2
    assert walked.first_malformed == "record 3: no status"
    assert ids(walked.records.values()) == ["2", "1", "0"]


def reporting(api: FakeList, extra: int) -> FetchPage[Backup]:
    """Let the API count so many records more than it lists."""

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        found = api.fetch(marker, limit)
        return replace(found, total=len(api.records) + extra)

    return fetch


class TestPageSize:
    """`limit: auto`, and its way down."""

    @pytest.mark.parametrize("status", [400, 422])
    def test_comes_down_where_refused_and_remembers(self, status: int) -> None:
        """The next walk begins with what worked in this one."""
        api = FakeList(
            backups(45),
            Quirks(max_limit=20, over_limit="refuse", refuse_status=status),  # type: ignore[arg-type]
        )
        size = PageSize()

        walk(api.fetch, size)
        first = [limit for _, limit in api.asked]
        api.asked.clear()
        walk(api.fetch, size)

        assert first == [1000, 500, 200, 100, 50, 20, 20, 20]
        assert [limit for _, limit in api.asked] == [20, 20, 20]

    def test_fails_below_the_smallest(self) -> None:
        """An API that takes no limit at all is a failure of its own words."""
        api = FakeList(backups(5), Quirks(max_limit=3, over_limit="refuse"))

        with pytest.raises(ApiError, match="limit"):
            walk(api.fetch, PageSize())

        assert len(api.asked) == 6

    def test_a_fixed_size_stays(self) -> None:
        """What the user fixed is not second-guessed."""
        api = FakeList(backups(5), Quirks(max_limit=3, over_limit="refuse"))

        with pytest.raises(ApiError, match="limit"):
            walk(api.fetch, PageSize(50))

        assert [limit for _, limit in api.asked] == [50]

    def test_where_the_smallest_is_refused_too_the_first_is_kept(self) -> None:
        """Such a 400 is not about the limit: the next walk takes no more pages than before."""
        api, size = FakeList(backups(2500)), PageSize()

        def refuse(_marker: str | None, _limit: int) -> Page[Backup]:
            raise ApiError(Reason.CLIENT_ERROR, "malformed key", status=400)

        with pytest.raises(ApiError, match="malformed key"):
            walk(refuse, size)
        walk(api.fetch, size)

        assert [limit for _, limit in api.asked] == [1000, 1000, 1000]

    def test_a_smaller_size_that_was_never_answered_is_not_kept(self) -> None:
        """A failure of another kind on the way down proves nothing about the smaller size."""
        size = PageSize()

        def refuse(_marker: str | None, limit: int) -> Page[Backup]:
            raise ApiError(Reason.CLIENT_ERROR, "no", status=400 if limit > 100 else 503)

        with pytest.raises(ApiError):
            walk(refuse, size)

        assert size.limit == 1000

    def test_a_size_that_was_learnt_survives_a_walk_of_400s(self) -> None:
        """What is restored is the size before the walk, not the largest."""
        api, size = FakeList(backups(300), Quirks(max_limit=200, over_limit="refuse")), PageSize()
        walk(api.fetch, size)
        api.quirks = Quirks(max_limit=3, over_limit="refuse")

        with pytest.raises(ApiError):
            walk(api.fetch, size)

        assert size.limit == 200

    def test_only_a_refused_limit_brings_it_down(self) -> None:
        """A refused credential is no reason to ask for less."""
        size = PageSize()

        def refuse(_marker: str | None, _limit: int) -> Page[Backup]:
            raise ApiError(Reason.AUTH, "who are you?", status=401)

        with pytest.raises(ApiError):
            walk(refuse, size)

        assert size.limit == 1000


class TestChangingList:
    """A list that changes while it is walked."""

    @pytest.mark.parametrize("dead_marker", ["error", "empty", "start"])
    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_a_deleted_marker_is_gone_round(self, dead_marker: str, status: int) -> None:
        """In whichever way the API answers a dead marker, the page is asked for from the record before it."""
        api = FakeList(backups(10), Quirks(dead_marker=dead_marker, dead_marker_status=status))  # type: ignore[arg-type]

        def delete(number: int) -> None:
            if number == 2:
                api.records = tuple(record for record in api.records if record.id != "5")

        api.before = delete

        walked = walk(api.fetch, PageSize(5))

        assert ids(walked.records.values()) == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]
        assert api.asked[1:3] == [("5", 5), ("4" if dead_marker == "start" else "6", 5)]

    @pytest.mark.parametrize("dead_marker", ["error", "empty"])
    def test_two_dead_markers_fail_the_walk(self, dead_marker: str) -> None:
        """Where the record before is gone too, nothing proves where the list goes on."""
        api = FakeList(backups(10), Quirks(dead_marker=dead_marker))  # type: ignore[arg-type]

        def delete(number: int) -> None:
            if number == 2:
                api.records = tuple(record for record in api.records if record.id not in {"5", "6"})

        api.before = delete

        with pytest.raises(ApiError) as failure:
            walk(api.fetch, PageSize(5))

        assert failure.value.reason is Reason.PAGINATION

    def test_a_whole_last_page_is_confirmed_by_the_record_before(self) -> None:
        """An empty page may be the end or a dead marker: the marker's own record at the end tells."""
        api = FakeList(backups(10), Quirks(meta=False, links=False))

        walked = walk(api.fetch, PageSize(5))

        assert len(walked.records) == 10
        assert walked.duplicates == 0
        assert api.asked == [(None, 5), ("5", 5), ("0", 5), ("1", 5)]

    def test_the_only_record_of_a_page_is_gone_round_by_the_one_before(self) -> None:
        """With pages of one record the record before stands on an earlier page."""
        api = FakeList(backups(3))

        def delete(number: int) -> None:
            if number == 3:
                api.records = tuple(record for record in api.records if record.id != "1")

        api.before = delete

        assert ids(walk(api.fetch, PageSize(1)).records.values()) == ["2", "1", "0"]

    def test_before_the_first_record_stands_the_head(self) -> None:
        """Where the list's first record was the marker and is gone, the head is asked for."""
        api = FakeList(backups(3))

        def delete(number: int) -> None:
            if number == 2:
                api.records = tuple(record for record in api.records if record.id != "2")

        api.before = delete

        assert ids(walk(api.fetch, PageSize(1)).records.values()) == ["2", "1", "0"]

    def test_other_failures_are_no_dead_marker(self) -> None:
        """A server error in the middle fails the walk with its own reason."""
        answers = pages({None: page(2, 1, more=True)})

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker:
                raise ApiError(Reason.SERVER_ERROR, "down", status=500)
            return answers(marker, limit)

        with pytest.raises(ApiError) as failure:
            walk(fetch, PageSize(2))

        assert failure.value.reason is Reason.SERVER_ERROR

    def test_a_row_that_jumped_to_the_head_is_found_there(self) -> None:
        """Fewer records than the API reports: the head is read again."""
        api = FakeList(backups(10))

        def jump(number: int) -> None:
            if number == 2:
                moved = next(record for record in api.records if record.id == "3")
                api.records = (moved, *(record for record in api.records if record.id != "3"))

        api.before = jump

        walked = walk(api.fetch, PageSize(5))

        assert sorted(map(int, ids(walked.records.values()))) == list(range(10))
        assert walked.duplicates == 0

    def test_the_head_is_read_again_three_pages_at_most(self) -> None:
        """An API that reports more than it lists costs a bounded number of requests."""
        api = FakeList(backups(100))

        def grow(number: int) -> None:
            if number == 11:
                fresh = tuple(backup(f"new-{place}") for place in range(50))
                api.records = (*fresh, *api.records)

        api.before = grow
        real = api.fetch

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            found = real(marker, limit)
            return Page(
                records=found.records, length=found.length, markers=found.markers, more=found.more, total=1000
            )

        walked = walk(fetch, PageSize(10), usual_shortfall=870)

        assert [marker for marker, _ in api.asked[10:]] == ["11", None, "new-9", "new-19"]
        assert walked.reported == 1000
        assert len(walked.records) == 130

    def test_a_total_that_is_simply_wrong_is_believed_when_it_comes_twice(self) -> None:
        """The end is confirmed, the head read once more, and both again in a second walk."""
        api = FakeList(backups(10))

        walked = walk(reporting(api, 1), PageSize(5))

        assert [marker for marker, _ in api.asked] == [None, "5", "6", None] * 2
        assert walked.shortfall == 1

    @given(
        data=st.data(),
        count=st.integers(0, 24),
        size=st.integers(1, 6),
        dead_marker=st.sampled_from(["error", "empty", "start"]),
        meta=st.booleans(),
    )
    def test_what_was_there_all_along_is_never_lost(
        self, *, data: st.DataObject, count: int, size: int, dead_marker: str, meta: bool
    ) -> None:
        """Whatever is added or deleted meanwhile: a walk that ends well holds every record that stayed."""
        api = FakeList(backups(count), Quirks(dead_marker=dead_marker, meta=meta, links=meta))  # type: ignore[arg-type]
        stayed = set(ids(api.records))

        def change(number: int) -> None:
            if number > 1 and api.records and data.draw(st.booleans()):
                gone = data.draw(st.sets(st.sampled_from(ids(api.records)), max_size=3))
                stayed.difference_update(gone)
                fresh = (backup(f"new-{number}"),) if data.draw(st.booleans()) else ()
                api.records = (*fresh, *(record for record in api.records if record.id not in gone))

        api.before = change

        try:
            found = set(ids(walk(api.fetch, PageSize(size)).records.values()))
        except ApiError as error:
            reasons, found = {error.reason}, stayed
        else:
            reasons = set()

        assert reasons <= {Reason.PAGINATION}
        assert stayed <= found


def test_no_marker_is_asked_for_twice() -> None:
    """Each page is fetched once."""
    api = FakeList(backups(30))

    walk(api.fetch, PageSize(7))

    assert all(one != other for one, other in pairwise(sorted(str(marker) for marker, _ in api.asked)))


class TestEndlessList:
    """A list that never ends: the walk does."""

    @staticmethod
    def failure(size: int, total: int | None, *, malformed: bool = False) -> tuple[int, int]:
        """Walk an endless list, page by page of this size; return what was read: pages and records."""
        read = 0

        def fetch(_marker: str | None, _limit: int) -> Page[Backup]:
            nonlocal read
            read += 1
            if malformed:
                bad = tuple(Malformed(place, "bad") for place in range(1, size + 1))
                return Page(
                    records=(), malformed=bad, length=size, markers=(str(read),), more=True, total=total
                )
            return page(*(f"{read}-{number}" for number in range(size)), more=True, total=total)

        with pytest.raises(ApiError, match="the list seems endless") as raised:
            walk(fetch, PageSize())
        assert raised.value.reason is Reason.PAGINATION
        return read, read * size

    @pytest.mark.parametrize("malformed", [False, True])
    @pytest.mark.parametrize("total", [0, 5, 2000])
    def test_ends_after_some_records(self, total: int, *, malformed: bool) -> None:
        """In pages of 500: 20,000 of them, or ten times what is reported."""
        _, records = self.failure(500, total, malformed=malformed)

        assert records == ALWAYS_RECORDS + 500

    @pytest.mark.parametrize("malformed", [False, True])
    def test_ends_after_some_pages(self, *, malformed: bool) -> None:
        """In pages of one record: a thousand."""
        requests, _ = self.failure(1, 5, malformed=malformed)

        assert requests == ALWAYS_PAGES + 1

    def test_may_be_ten_times_as_long_as_reported(self) -> None:
        """A larger list gets more room."""
        _, records = self.failure(1000, 2500)

        assert records == 2500 * TIMES_REPORTED + 1000

    @pytest.mark.parametrize("total", [None, 10**17])
    def test_ends_without_a_total_that_can_be_believed(
        self, monkeypatch: pytest.MonkeyPatch, total: int | None
    ) -> None:
        """As if the largest list were reported."""
        monkeypatch.setattr("exporter.walk.endless.LARGEST_LIST", LARGEST_LIST // 80)
        _, records = self.failure(1000, total)

        assert records == LARGEST_LIST // 80 * TIMES_REPORTED + 1000

    def test_is_not_what_counts_the_records_of_a_page_alone(self) -> None:
        """An API whose total is its page's length is walked whole."""
        api = FakeList(backups(3000))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            found = api.fetch(marker, limit)
            return replace(found, total=found.length)

        assert len(walk(fetch, PageSize(100)).records) == 3000


def updated(number: int, at: int) -> Backup:
    """Make a backup that was updated so many seconds after noon."""
    return backup(number, updated_at=NOON + timedelta(seconds=at))


def test_a_border_that_moved_to_the_tail_does_not_end_the_list() -> None:
    """Oldest update first: the page after it is one new record, the end of a list that was hardly read."""
    api = FakeList(tuple(updated(number, number) for number in range(201)))

    def move(number: int) -> None:
        if number == 2:
            kept = tuple(record for record in api.records if record.id != "39")
            api.records = (*kept, updated(39, 1000), updated(900, 1001))

    api.before = move

    walked = walk(api.fetch, PageSize(40))

    assert sorted(map(int, walked.records)) == [*range(201), 900]
    assert [marker for marker, _ in api.asked[:4]] == [None, "39", "38", "79"]


def test_a_border_that_moved_to_the_tail_before_a_whole_page_is_found_by_walking_again() -> None:
    """So many were created after it that the record before the last marker shows nothing: once more, then."""
    api = FakeList(tuple(updated(number, number) for number in range(100)))

    def move(number: int) -> None:
        if number == 2:
            kept = tuple(record for record in api.records if record.id != "9")
            fresh = (updated(900 + place, 1001 + place) for place in range(25))
            api.records = (*kept, updated(9, 1000), *fresh)

    api.before = move

    walked = walk(api.fetch, PageSize(10))

    assert sorted(map(int, walked.records)) == [*range(100), *range(900, 925)]


@pytest.mark.parametrize("fresh", [1, 39, 40, 41])
def test_a_border_that_moved_to_the_head_below_new_records_is_left_again(fresh: int) -> None:
    """Newest update first: what follows it is new, then known; the walk returns to where it left the list."""
    api = FakeList(tuple(updated(number, number) for number in reversed(range(201))))

    def move(number: int) -> None:
        if number == 3:
            kept = tuple(record for record in api.records if record.id != "121")
            new = (updated(900 + place, 1000 + place) for place in range(fresh))
            api.records = (updated(121, 2000), *reversed(tuple(new)), *kept)

    api.before = move

    walked = walk(api.fetch, PageSize(40))

    assert len(walked.records) == 201 + fresh
    assert walked.shortfall == 0


class TestShortfall:
    """Fewer records than the API reports."""

    @given(count=st.integers(0, 30), size=st.integers(1, 7), extra=st.integers(1, 5), has_more=st.booleans())
    def test_an_api_that_always_counts_more_is_walked_well(
        self, *, count: int, size: int, extra: int, has_more: bool
    ) -> None:
        """The first walk finds out, and every later one costs exactly its pages."""
        api = FakeList(backups(count), Quirks(has_more=has_more))
        walked = walk(reporting(api, extra), PageSize(size))
        api.asked.clear()
        later = walk(reporting(api, extra), PageSize(size), usual_shortfall=walked.shortfall)

        assert walked.shortfall == later.shortfall == extra
        assert len(later.records) == count
        assert len(api.asked) == max(1, -(-count // size))

    def test_one_that_changes_fails_the_walk(self) -> None:
        """Nothing says which of the two is how the API counts."""
        api = FakeList(backups(10))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=11 if len(api.asked) <= 4 else 12)

        with pytest.raises(ApiError) as failure:
            walk(fetch, PageSize(5))

        assert failure.value.reason is Reason.PAGINATION
        assert (
            failure.value.message
            == "the API reports 12 records, but lists 2 fewer (1 fewer in the walk before)"
        )

    def test_one_that_becomes_the_usual_one_is_no_change(self) -> None:
        """A row that moved out of sight in the first walk is in the second."""
        api = FakeList(backups(10))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=14 if len(api.asked) <= 4 else 13)

        assert walk(fetch, PageSize(5), usual_shortfall=3).shortfall == 3

    def test_a_list_that_is_whole_again_needs_no_second_walk(self) -> None:
        """The usual shortfall is what the API may lack, not what it must."""
        api = FakeList(backups(10))

        assert walk(api.fetch, PageSize(5), usual_shortfall=3).shortfall == 0
        assert len(api.asked) == 2


@given(pages=st.integers(1, 4), size=st.integers(1, 6), spoilt=st.integers(0, 23))
def test_a_malformed_record_counts_once_where_only_its_length_ends_the_list(
    pages: int, size: int, spoilt: int
) -> None:
    """Whole pages without `meta` and `links`: the last one is read again to confirm the end."""
    api = FakeList(backups(pages * size), Quirks(meta=False, links=False))
    bad = str(spoilt % (pages * size))

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        found = api.fetch(marker, limit)
        places = [place for place, record in enumerate(found.records, 1) if record.id == bad]
        kept = tuple(record for record in found.records if record.id != bad)
        return replace(found, records=kept, malformed=tuple(Malformed(place, "bad") for place in places))

    walked = walk(fetch, PageSize(size))

    assert (len(walked.records), walked.malformed, walked.duplicates) == (pages * size - 1, 1, 0)
