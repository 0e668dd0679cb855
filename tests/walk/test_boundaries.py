"""Where the pages of a list ended."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from exporter.records import Backup, Malformed, Page
from exporter.walk.boundaries import BoundaryRecorder, PageBoundaries
from tests.support.builders import NOON, backup


def dated(number: int) -> Backup:
    """Make a backup that was updated so many minutes after noon."""
    return backup(number, updated_at=NOON + timedelta(minutes=number))


def page(*numbers: int, malformed: tuple[Malformed, ...] = ()) -> Page[Backup]:
    """Make a page of dated backups."""
    records = tuple(dated(number) for number in numbers)
    return Page(records=records, length=len(records) + len(malformed), malformed=malformed)


def recorded(*pages: Page[Backup], steps: Sequence[int] = ()) -> PageBoundaries:
    """Record the pages of one list, two records to a page unless `steps` says otherwise."""
    recorder = BoundaryRecorder[Backup]()
    for number, (one, step) in enumerate(zip(pages, steps or [2] * len(pages), strict=True), start=1):
        recorder.add(one, step, is_last=number == len(pages))
    return recorder.boundaries


def test_every_step_th_record_is_a_boundary() -> None:
    """However long the pages were, and never the list's last record."""
    found = recorded(page(9, 8, 7), page(6), page(5, 4))

    assert list(found.records) == ["8", "6"]
    assert found.records["8"] == dated(8)


def test_the_step_may_change_within_the_list() -> None:
    """A shorter step loses no boundary behind it."""
    found = recorded(page(9, 8, 7), page(6, 5, 4), page(3), steps=[4, 2, 2])

    assert list(found.records) == ["6", "4"]


def test_an_empty_page_has_no_boundary() -> None:
    """An empty list has no page size to count by."""
    assert list(recorded(page(), steps=[0]).records) == []


def test_a_malformed_record_is_no_boundary() -> None:
    """Nothing says whether it moved."""
    assert list(recorded(page(9, malformed=(Malformed(2, "no status"),)), page(8)).records) == []


def test_an_undated_record_is_no_boundary() -> None:
    """Nothing says whether it moved."""
    undated = Page(records=(dated(9), backup(8)), length=2)

    assert list(recorded(undated, page(7)).records) == []


@pytest.mark.parametrize(
    ("numbers", "newest_first"), [((9, 5, 1), True), ((1, 5, 9), False), ((5, 9, 5), False), ((), False)]
)
def test_the_ends_of_a_list_tell_its_order(numbers: Sequence[int], *, newest_first: bool) -> None:
    """Unless the head was updated after the tail, an updated record may move to the tail."""
    assert recorded(*(page(number) for number in numbers)).newest_first is newest_first


def test_an_undated_end_tells_nothing() -> None:
    """Then an updated record may move to the tail."""
    undated = Page(records=(backup(8),), length=1)

    assert not recorded(page(9), undated).newest_first
    assert not recorded(undated, page(9)).newest_first
