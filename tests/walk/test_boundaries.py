"""The boundaries between the pages of a list."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from exporter.records import Backup, Malformed, Page
from exporter.walk.boundaries import BoundaryRecorder, PageBoundaries
from tests.support.builders import backup
from tests.support.lists import dated


def dated_page(*numbers: int, malformed: tuple[Malformed, ...] = ()) -> Page[Backup]:
    """Make a page of dated backups."""
    records = tuple(dated(number) for number in numbers)
    return Page(records=records, length=len(records) + len(malformed), malformed=malformed)


def recorded(*pages: Page[Backup], steps: Sequence[int] = (), known: Sequence[Backup] = ()) -> PageBoundaries:
    """Record the pages of one list, two records to a page unless `steps` says otherwise."""
    recorder = BoundaryRecorder[Backup](PageBoundaries({record.id: record for record in known}))
    for number, (one, step) in enumerate(zip(pages, steps or [2] * len(pages), strict=True), start=1):
        recorder.add(one, step, is_last=number == len(pages))
    return recorder.boundaries


def test_every_step_th_record_is_a_boundary() -> None:
    """The length of the pages does not matter, and the list's last record is no boundary."""
    boundaries = recorded(dated_page(9, 8, 7), dated_page(6), dated_page(5, 4))

    assert list(boundaries.records) == ["8", "6"]
    assert boundaries.records["8"] == dated(8)


def test_the_step_may_change_within_the_list() -> None:
    """The whole list is divided by the last one."""
    boundaries = recorded(dated_page(9, 8, 7), dated_page(6, 5, 4), dated_page(3), steps=[4, 2, 2])

    assert list(boundaries.records) == ["8", "6", "4"]


def test_an_empty_page_has_no_boundary() -> None:
    """An empty list has no page size to count by."""
    assert list(recorded(dated_page(), steps=[0]).records) == []


def test_a_malformed_record_is_no_boundary() -> None:
    """Nothing would say whether it moved."""
    assert list(recorded(dated_page(9, malformed=(Malformed(2, "no status"),)), dated_page(8)).records) == []


def test_an_undated_record_is_no_boundary() -> None:
    """Nothing would say whether it moved."""
    undated = Page(records=(dated(9), backup(8)), length=2)

    assert list(recorded(undated, dated_page(7)).records) == []


@pytest.mark.parametrize(
    ("numbers", "newest_first"), [((9, 5, 1), True), ((1, 5, 9), False), ((5, 9, 5), False), ((), False)]
)
def test_the_ends_of_a_list_tell_its_order(numbers: Sequence[int], *, newest_first: bool) -> None:
    """An updated record may move to the tail unless the head was updated after the tail."""
    assert recorded(*(dated_page(number) for number in numbers)).newest_first is newest_first


def test_an_undated_end_tells_nothing() -> None:
    """So an updated record may move to the tail."""
    undated = Page(records=(backup(8),), length=1)

    assert not recorded(dated_page(9), undated).newest_first
    assert not recorded(undated, dated_page(9)).newest_first


def test_pages_after_the_last_one_are_ignored() -> None:
    """They are read to check the end of the list."""
    recorder = BoundaryRecorder[Backup](PageBoundaries())
    recorder.add(dated_page(9, 8), 2, is_last=False)
    recorder.add(dated_page(7), 2, is_last=True)
    recorder.add(dated_page(9, 8, 7, 6), 2, is_last=False)

    assert list(recorder.boundaries.records) == ["8"]
    assert repr(recorder) == "BoundaryRecorder(boundaries=1)"


def test_a_list_may_end_with_an_empty_page() -> None:
    """Where the API does not say that no more follow, the next walk requests that page ahead too."""
    recorder = BoundaryRecorder[Backup](PageBoundaries())
    recorder.add(dated_page(9, 8), 2, is_last=False)
    recorder.add(dated_page(), 2, is_last=True)

    assert list(recorder.boundaries.records) == ["8"]


def test_a_page_of_malformed_records_has_no_boundary() -> None:
    """Its records count all the same."""
    bad = (Malformed(1, "no id"), Malformed(2, "no id"))

    assert list(recorded(dated_page(9), dated_page(malformed=bad), dated_page(6, 5)).records) == ["6"]


def test_a_known_boundary_is_kept() -> None:
    """New records at the head move no other boundary, so that the next walk reads the same pages again."""
    boundaries = recorded(dated_page(9, 8, 7), dated_page(6, 5), dated_page(4, 3), known=[dated(7), dated(5)])

    assert list(boundaries.records) == ["9", "7", "5"]


def test_a_known_boundary_that_has_changed_is_not_kept() -> None:
    """Its record may be elsewhere in the list the next time."""
    changed = replace(dated(7), status="FAILED")

    assert list(recorded(dated_page(9, 8, 7), dated_page(6, 5), known=[changed]).records) == ["8", "6"]


def test_a_known_boundary_within_a_page_is_not_kept() -> None:
    """The page before it was not cut there, as nothing was requested behind it."""
    assert list(recorded(dated_page(9, 8, 7), dated_page(6, 5), known=[dated(9)]).records) == ["8", "6"]
