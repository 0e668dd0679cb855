"""The sequential walk."""

from datetime import timedelta
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Malformed, Page
from exporter.results import WalkResult
from exporter.simulator.quirks import Quirks
from exporter.walk import FetchPage, PageSize, walk
from exporter.walk.sequential import SequentialWalk
from tests.support.builders import NOON, FakeList, backup
from tests.support.lists import (
    DeadMarker,
    ids,
    markers,
    page,
    pages,
    result_or_reason,
    spoilt,
    undated,
    without,
)

QUIRKS = st.builds(
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
STATUSES = pytest.mark.parametrize("status", [400, 404, 422])
DeadMarkerStatus = Literal[400, 404, 422]


@given(count=st.integers(0, 60), size=st.integers(1, 30), quirks=QUIRKS)
def test_every_record_is_returned_once(count: int, size: int, quirks: Quirks) -> None:
    """A list at rest is walked completely, with every way of paging."""
    if not (quirks.meta or quirks.links) and quirks.max_limit and quirks.max_limit < size:
        size = quirks.max_limit  # nothing tells such a page from the last one: see the next test
    if quirks.null_list and not (quirks.meta and quirks.total and quirks.has_more):
        quirks = replace(quirks, null_list=False)  # without list and total, the body is not a page
    api = FakeList(undated(count), quirks)

    walked = walk(api.fetch, PageSize(size))

    assert sorted(walked.records) == sorted(ids(api.records))
    assert walked.malformed == 0


def test_a_short_page_does_not_end_a_list_with_a_higher_total() -> None:
    """Only the total shows that the API caps the limit."""
    fetch = pages({None: page(5, 4, total=6), "4": page(3, 2, total=6), "2": page(1, 0, total=6)})

    walked = walk(fetch, PageSize(1000))

    assert list(walked.records) == ["5", "4", "3", "2", "1", "0"]


def test_an_unchanged_list_costs_exactly_its_pages() -> None:
    """The API says where the list ends, so no request finds it out."""
    api = FakeList(undated(50))

    walk(api.fetch, PageSize(20))

    assert api.requested == [(None, 20), ("30", 20), ("10", 20)]


def test_a_short_page_ends_a_list_without_meta_and_links() -> None:
    """The length decides where nothing else does."""
    api = FakeList(undated(25), Quirks(meta=False, links=False))

    walked = walk(api.fetch, PageSize(20))

    assert len(walked.records) == 25
    assert len(api.requested) == 2


def test_the_limit_is_the_one_that_the_api_reports() -> None:
    """A page of a lowered limit is not short."""
    api = FakeList(undated(25), Quirks(links=False, has_more=False, total=False, max_limit=10))

    walked = walk(api.fetch, PageSize(20))

    assert len(walked.records) == 25
    assert walked.limit == 10


def test_links_end_a_list_without_meta() -> None:
    """`links` without `next` is the end, however long the page is."""
    fetch = pages({None: page(2, 1, more=True), "1": page(0, more=False)})

    assert len(walk(fetch, PageSize(1)).records) == 3


@pytest.mark.parametrize(
    ("by_marker", "problem"),
    [
        ({None: page(more=True)}, "page 1 is empty, but the API says that more follow"),
        ({None: page(2, 1, more=True, markers=())}, "page 1 names no marker to continue from"),
        (
            {
                None: page(2, 1, more=True),
                "1": page(1, more=True, malformed=(Malformed(2, "no status"),)),
                "2": page(1, more=True, malformed=(Malformed(2, "no status"),)),
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
def test_a_walk_without_a_way_to_continue_fails(
    by_marker: dict[str | None, Page[Backup]], problem: str
) -> None:
    """A loop or a dead end is `pagination`, never a shorter list."""
    with pytest.raises(ApiError) as failure:
        walk(pages(by_marker), PageSize(2))

    assert failure.value.reason is Reason.PAGINATION
    assert failure.value.message == problem


def test_another_marker_serves_where_the_last_record_has_no_id() -> None:
    """The page's first marker that was not used yet is taken."""
    fetch = pages(
        {
            None: page(3, 2, more=True, markers=("2",)),
            "2": page(1, more=True, markers=("2", "linked")),
            "linked": page(0, more=False),
        }
    )

    assert list(walk(fetch, PageSize(2)).records) == ["3", "2", "1", "0"]


def test_a_page_of_malformed_records_does_not_end_the_list() -> None:
    """It brings no record, but is no dead end."""
    bad = (Malformed(1, "no status"), Malformed(2, "no id"))
    fetch = pages(
        {
            None: page(2, 1, more=True),
            "1": page(more=True, malformed=bad, markers=("x",)),
            "x": page(0, more=False),
        }
    )

    walked = walk(fetch, PageSize(2))

    assert walked.malformed == 2
    assert walked.first_malformed == "record 3: no status"
    assert list(walked.records) == ["2", "1", "0"]


def reporting(api: FakeList, extra: int) -> FetchPage[Backup]:
    """Let the API report this number of records more than it lists."""

    def fetch(marker: str | None, limit: int) -> Page[Backup]:
        fetched = api.fetch(marker, limit)
        return replace(fetched, total=len(api.records) + extra)

    return fetch


class TestChangingList:
    """A list that changes while it is walked."""

    @pytest.mark.parametrize("dead_marker", ["error", "empty", "start"])
    @STATUSES
    def test_a_deleted_marker_is_replaced_by_the_record_before_it(
        self, dead_marker: DeadMarker, status: DeadMarkerStatus
    ) -> None:
        """The API may return an error, an empty page or the head for a dead marker."""
        api = FakeList(undated(10), Quirks(dead_marker=dead_marker, dead_marker_status=status))

        def delete(request: int) -> None:
            if request == 2:
                api.records = without(api.records, {"5"})

        api.before = delete

        walked = walk(api.fetch, PageSize(5))

        assert list(walked.records) == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]
        assert api.requested[1:3] == [("5", 5), ("4" if dead_marker == "start" else "6", 5)]

    @given(
        spoiled=st.sets(st.integers(0, 28)),  # the head is known by its first record
        size=st.integers(2, 10),
        request=st.integers(2, 6),
        dead_marker=st.sampled_from(["error", "empty", "start"]),
    )
    def test_a_malformed_record_that_is_read_again_counts_once(
        self, spoiled: set[int], size: int, request: int, dead_marker: DeadMarker
    ) -> None:
        """Always: those between a dead marker and the record before it are read twice."""
        api = FakeList(undated(30), Quirks(dead_marker=dead_marker))
        names = {str(number) for number in spoiled}

        def delete_marker(number: int) -> None:
            marker = markers(api)[-1] if number == request else None
            if marker not in names:
                api.records = without(api.records, {str(marker)})

        api.before = delete_marker

        walked = result_or_reason(lambda: walk(spoilt(api.fetch, names), PageSize(size)))

        if isinstance(walked, Reason):  # no earlier record led on
            assert walked is Reason.PAGINATION
        else:
            assert walked.malformed == len(spoiled)

    @pytest.mark.parametrize("dead_marker", ["error", "empty"])
    def test_two_dead_markers_fail_the_walk(self, dead_marker: DeadMarker) -> None:
        """If the record before it is gone too, nothing proves where the list continues."""
        api = FakeList(undated(10), Quirks(dead_marker=dead_marker))

        def delete(request: int) -> None:
            if request == 2:
                api.records = without(api.records, {"5", "6"})

        api.before = delete

        with pytest.raises(ApiError) as failure:
            walk(api.fetch, PageSize(5))

        assert failure.value.reason is Reason.PAGINATION

    def test_a_whole_last_page_is_confirmed_by_the_record_before(self) -> None:
        """An empty page is the end if the record before the marker is followed by the marker's alone."""
        api = FakeList(undated(10), Quirks(meta=False, links=False))

        walked = walk(api.fetch, PageSize(5))

        assert len(walked.records) == 10
        assert walked.duplicates == 0
        assert api.requested == [(None, 5), ("5", 5), ("0", 5), ("1", 5)]

    @pytest.mark.parametrize(
        ("gone", "requested"), [({"10"}, ["10", "11"]), ({"10", "11"}, ["10", "11", "21"])]
    )
    def test_a_head_in_answer_to_a_dead_marker_is_no_news_although_a_record_is_malformed(
        self, gone: set[str], requested: list[str]
    ) -> None:
        """Its malformed record was counted when the head was read."""
        api = FakeList(undated(30), Quirks(dead_marker="start"))

        def delete(request: int) -> None:
            if request == 3:
                api.records = without(api.records, gone)

        api.before = delete

        walked = walk(spoilt(api.fetch, {"25"}), PageSize(10))

        assert (len(walked.records), walked.malformed) == (29, 1)
        assert markers(api)[2 : 2 + len(requested)] == requested

    def test_a_page_that_claims_more_is_no_end_although_every_record_on_it_is_known(self) -> None:
        """The marker moved to the head with the record before it; the walk goes back to an earlier page."""
        api = FakeList(undated(20), Quirks(meta=False, links=False))

        def move(request: int) -> None:
            if request == 3:
                api.records = (backup(11), backup(10), *without(api.records, {"11", "10"}))

        api.before = move

        walked = walk(api.fetch, PageSize(5))

        assert len(walked.records) == 20
        assert markers(api)[2:5] == ["10", "11", "16"]

    def test_a_marker_that_more_records_follow_again_is_no_end(self) -> None:
        """The list grew after the empty response, so the walk does not know its end, and fails."""
        api = FakeList(undated(3))

        def change(request: int) -> None:
            if request == 3:
                api.records = api.records[:2]
            if request == 4:
                api.records = (*api.records, backup("new"))

        api.before = change

        with pytest.raises(ApiError, match="page 3 cannot be read"):
            walk(api.fetch, PageSize(1))

    def test_the_record_before_a_dead_marker_may_be_on_an_earlier_page(self) -> None:
        """The walk continues from it, even with pages of one record."""
        api = FakeList(undated(3))

        def delete(request: int) -> None:
            if request == 3:
                api.records = without(api.records, {"1"})

        api.before = delete

        assert list(walk(api.fetch, PageSize(1)).records) == ["2", "1", "0"]

    def test_the_head_replaces_the_first_record(self) -> None:
        """Nothing is before the list's first record, so the head is read if that marker is dead."""
        api = FakeList(undated(3))

        def delete(request: int) -> None:
            if request == 2:
                api.records = without(api.records, {"2"})

        api.before = delete

        assert list(walk(api.fetch, PageSize(1)).records) == ["2", "1", "0"]

    def test_another_failure_is_no_dead_marker(self) -> None:
        """A server error in the middle fails the walk with its own reason."""
        fetch_page = pages({None: page(2, 1, more=True)})

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            if marker:
                raise ApiError(Reason.SERVER_ERROR, "down", status=500)
            return fetch_page(marker, limit)

        with pytest.raises(ApiError) as failure:
            walk(fetch, PageSize(2))

        assert failure.value.reason is Reason.SERVER_ERROR

    def test_a_record_that_moved_to_the_head_is_found_there(self) -> None:
        """The head is read again if fewer records came than the API reports."""
        api = FakeList(undated(10))

        def move(number: int) -> None:
            if number == 2:
                moved = next(record for record in api.records if record.id == "3")
                api.records = (moved, *without(api.records, {"3"}))

        api.before = move

        walked = walk(api.fetch, PageSize(5))

        assert sorted(map(int, walked.records)) == list(range(10))
        assert walked.duplicates == 0

    def test_the_head_is_read_again_three_pages_at_most(self) -> None:
        """An API that reports more than it lists costs a bounded number of requests."""
        api = FakeList(undated(100))

        def grow(number: int) -> None:
            if number == 11:
                fresh = tuple(backup(f"new-{place}") for place in range(50))
                api.records = (*fresh, *api.records)

        api.before = grow
        real = api.fetch

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            fetched = real(marker, limit)
            return Page(
                records=fetched.records,
                length=fetched.length,
                markers=fetched.markers,
                more=fetched.more,
                total=1000,
            )

        walked = walk(fetch, PageSize(10), usual_shortfall=870)

        assert markers(api)[10:] == ["11", None, "new-9", "new-19"]
        assert walked.reported == 1000
        assert len(walked.records) == 130

    def test_the_same_shortfall_twice_is_accepted(self) -> None:
        """Each walk confirms its end and reads the head again."""
        api = FakeList(undated(10))

        walked = walk(reporting(api, 1), PageSize(5))

        assert markers(api) == [None, "5", "6", None] * 2
        assert walked.shortfall == 1

    @given(
        data=st.data(),
        count=st.integers(0, 24),
        size=st.integers(1, 6),
        dead_marker=st.sampled_from(["error", "empty", "start"]),
        meta=st.booleans(),
    )
    def test_lasting_records_are_never_lost(
        self, *, data: st.DataObject, count: int, size: int, dead_marker: DeadMarker, meta: bool
    ) -> None:
        """A complete walk returns every record that was in the list all along."""
        api = FakeList(undated(count), Quirks(dead_marker=dead_marker, meta=meta, links=meta))
        stayed = set(ids(api.records))

        def change(number: int) -> None:
            if number > 1 and api.records and data.draw(st.booleans()):
                gone = data.draw(st.sets(st.sampled_from(ids(api.records)), max_size=3))
                stayed.difference_update(gone)
                fresh = (backup(f"new-{number}"),) if data.draw(st.booleans()) else ()
                api.records = (*fresh, *without(api.records, gone))

        api.before = change

        result = result_or_reason(lambda: walk(api.fetch, PageSize(size)))

        if isinstance(result, WalkResult):
            assert stayed <= set(result.records)
        else:
            assert result is Reason.PAGINATION


def test_no_marker_is_requested_twice() -> None:
    """Each page is fetched once."""
    api = FakeList(undated(30))

    walk(api.fetch, PageSize(7))

    assert all(one != other for one, other in pairwise(sorted(str(marker) for marker, _ in api.requested)))


def updated(number: int, at: int) -> Backup:
    """Make a backup that was updated some seconds after noon."""
    return backup(number, updated_at=NOON + timedelta(seconds=at))


def test_a_boundary_that_moved_to_the_tail_does_not_end_the_list() -> None:
    """Oldest update first: only one new record follows it, the end of a list that was hardly read."""
    api = FakeList(tuple(updated(number, number) for number in range(201)))

    def move(number: int) -> None:
        if number == 2:
            kept = without(api.records, {"39"})
            api.records = (*kept, updated(39, 1000), updated(900, 1001))

    api.before = move

    walked = walk(api.fetch, PageSize(40))

    assert sorted(map(int, walked.records)) == [*range(201), 900]
    assert markers(api)[:4] == [None, "39", "38", "79"]


def test_a_boundary_that_moved_to_the_tail_before_a_whole_page_is_found_by_a_second_walk() -> None:
    """A whole page of new records follows it, so that no page looks like an early end."""
    api = FakeList(tuple(updated(number, number) for number in range(100)))

    def move(number: int) -> None:
        if number == 2:
            kept = without(api.records, {"9"})
            fresh = (updated(900 + place, 1001 + place) for place in range(25))
            api.records = (*kept, updated(9, 1000), *fresh)

    api.before = move

    walked = walk(api.fetch, PageSize(10))

    assert sorted(map(int, walked.records)) == [*range(100), *range(900, 925)]


@pytest.mark.parametrize("fresh", [1, 39, 40, 41])
def test_a_boundary_that_moved_to_the_head_below_new_records_does_not_lead_astray(fresh: int) -> None:
    """Newest update first: new records follow it, then known ones, then the walk returns to where it was."""
    api = FakeList(tuple(updated(number, number) for number in reversed(range(201))))

    def move(number: int) -> None:
        if number == 3:
            kept = without(api.records, {"121"})
            new = (updated(900 + place, 1000 + place) for place in range(fresh))
            api.records = (updated(121, 2000), *reversed(tuple(new)), *kept)

    api.before = move

    walked = walk(api.fetch, PageSize(40))

    assert len(walked.records) == 201 + fresh
    assert walked.shortfall == 0


class TestShortfall:
    """Fewer records than the API reports."""

    @given(count=st.integers(0, 30), size=st.integers(1, 7), extra=st.integers(1, 5), has_more=st.booleans())
    def test_an_api_that_always_counts_more_costs_its_pages(
        self, *, count: int, size: int, extra: int, has_more: bool
    ) -> None:
        """Only the first walk is repeated, to find out."""
        api = FakeList(undated(count), Quirks(has_more=has_more))
        walked = walk(reporting(api, extra), PageSize(size))
        api.requested.clear()
        later = walk(reporting(api, extra), PageSize(size), usual_shortfall=walked.shortfall)

        assert walked.shortfall == later.shortfall == extra
        assert len(later.records) == count
        assert len(api.requested) == max(1, -(-count // size))

    @given(
        count=st.integers(1, 12), size=st.integers(1, 5), extra=st.integers(1, 3), place=st.integers(0, 11)
    )
    def test_a_malformed_record_counts_once_where_the_api_counts_more(
        self, count: int, size: int, extra: int, place: int
    ) -> None:
        """The end of the list is read again to find the records that seem to be missing."""
        api = FakeList(undated(count))
        fetch = spoilt(reporting(api, extra), {str(place % count)})

        walked = walk(fetch, PageSize(size))

        assert (len(walked.records), walked.malformed, walked.duplicates) == (count - 1, 1, 0)
        assert walked.shortfall == extra

    def test_a_malformed_record_does_not_stand_in_for_one_that_is_missing(self) -> None:
        """Record 1 moves to the head after the head was read; the malformed record 0 is then read twice."""
        api = FakeList(tuple(updated(number, number) for number in reversed(range(4))))

        def move(number: int) -> None:
            if number == 2:
                api.records = (updated(1, 1000), *without(api.records, {"1"}))

        api.before = move

        walked = walk(spoilt(api.fetch, {"0"}), PageSize(2))

        assert sorted(walked.records) == ["1", "2", "3"]
        assert walked.malformed == 1

    def test_a_changing_shortfall_fails_the_walk(self) -> None:
        """Nothing says which of the two is the API's way of counting."""
        api = FakeList(undated(10))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=11 if len(api.requested) <= 4 else 12)

        with pytest.raises(ApiError) as failure:
            walk(fetch, PageSize(5))

        assert failure.value.reason is Reason.PAGINATION
        assert (
            failure.value.message
            == "the API reports 12 records, but lists 2 fewer (1 fewer in the walk before)"
        )

    def test_a_change_to_the_usual_shortfall_is_accepted(self) -> None:
        """A row that moved out of sight in the first walk is in the second."""
        api = FakeList(undated(10))

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            return replace(api.fetch(marker, limit), total=14 if len(api.requested) <= 4 else 13)

        assert walk(fetch, PageSize(5), usual_shortfall=3).shortfall == 3

    def test_a_list_that_is_whole_again_needs_no_second_walk(self) -> None:
        """The usual shortfall is accepted, not required."""
        api = FakeList(undated(10))

        assert walk(api.fetch, PageSize(5), usual_shortfall=3).shortfall == 0
        assert len(api.requested) == 2


@given(full_pages=st.integers(1, 4), size=st.integers(1, 6), place=st.integers(0, 23))
def test_a_malformed_record_counts_once_where_only_its_length_ends_the_list(
    full_pages: int, size: int, place: int
) -> None:
    """Without `meta` and `links`, a full last page is read again to confirm the end."""
    count = full_pages * size
    api = FakeList(undated(count), Quirks(meta=False, links=False))

    walked = walk(spoilt(api.fetch, {str(place % count)}), PageSize(size))

    assert (len(walked.records), walked.malformed, walked.duplicates) == (count - 1, 1, 0)


def test_its_repr_shows_the_progress() -> None:
    """Its `repr` is for a debugger."""
    state = SequentialWalk(FakeList(undated(30)).fetch, PageSize(20), 0)
    state.run()

    assert repr(state) == "SequentialWalk(pages=2, CollectedRecords(records=30, reported=30))"
