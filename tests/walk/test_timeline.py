"""The order in time of the pages that a walk uses."""

import pytest

from exporter.records import Backup, Page
from exporter.walk.dispatcher import Request
from exporter.walk.timeline import Timeline


def add(timeline: Timeline[Backup], sent_index: int, received_index: int, total: int | None = None) -> bool:
    """Add a page; return whether it is in order."""
    page = Page[Backup](records=(), length=0, total=total)
    return timeline.add(
        Request(None, 10, sent_index=sent_index, received_index=received_index, response=page), page
    )


def test_a_page_requested_after_all_responses_is_in_order() -> None:
    """A page that was requested before one of them came is not."""
    timeline = Timeline[Backup]()

    assert add(timeline, 0, 3)
    assert add(timeline, 3, 4)
    assert not add(timeline, 2, 4)
    assert not add(timeline, 3, 5)
    assert add(timeline, 5, 6)


@pytest.mark.parametrize("totals", [(100, 99), (99, 100)])
def test_the_highest_total_counts(totals: tuple[int, int]) -> None:
    """A lower total could hide a missing record, whenever it was told."""
    timeline = Timeline[Backup]()
    add(timeline, 0, 1, total=totals[0])
    add(timeline, 1, 2, total=totals[1])

    assert timeline.highest_total == 100


def test_without_a_total_there_is_none() -> None:
    """A page that tells no total leaves the highest one as it is."""
    timeline = Timeline[Backup]()
    add(timeline, 0, 1)

    assert timeline.highest_total is None
    assert repr(timeline) == "Timeline(highest_total=None)"
