"""The order in time of the pages that a walk uses."""

from exporter.records import Backup, Page
from exporter.walk.dispatcher import Request
from exporter.walk.timeline import Timeline


def add(timeline: Timeline[Backup], sent_at: int, received_at: int, total: int | None = None) -> bool:
    """Add a page; return whether it is in order."""
    page = Page[Backup](records=(), length=0, total=total)
    return timeline.add(Request(None, 10, sent_at=sent_at, received_at=received_at, response=page), page)


def test_a_page_that_was_requested_after_all_answers_is_in_order() -> None:
    """A page that was requested before one of them came is not."""
    timeline = Timeline[Backup]()

    assert add(timeline, 0, 3)
    assert add(timeline, 3, 4)
    assert not add(timeline, 2, 4)
    assert not add(timeline, 3, 5)
    assert add(timeline, 5, 6)


def test_the_newest_total_is_that_of_the_last_request() -> None:
    """Requests that were sent after a response supersede it."""
    timeline = Timeline[Backup]()
    add(timeline, 0, 1, total=100)
    add(timeline, 1, 2, total=99)

    assert timeline.newest_total == 99


def test_of_requests_in_flight_together_the_highest_total_counts() -> None:
    """Their order at the API is unknown, and a lower total could hide a missing record."""
    timeline = Timeline[Backup]()
    add(timeline, 0, 2, total=100)
    add(timeline, 1, 3, total=99)

    assert timeline.newest_total == 100


def test_an_old_page_that_is_used_late_changes_no_total() -> None:
    """Pages are used in the list's order, not in that of their responses."""
    timeline = Timeline[Backup]()
    add(timeline, 7, 8, total=99)
    add(timeline, 1, 3, total=100)

    assert timeline.newest_total == 99


def test_without_a_total_there_is_none() -> None:
    """A page that tells no total leaves the newest one as it is."""
    timeline = Timeline[Backup]()
    add(timeline, 0, 1)

    assert timeline.newest_total is None
    assert repr(timeline) == "Timeline(newest_total=None)"
