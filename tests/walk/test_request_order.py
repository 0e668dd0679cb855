"""The order in time of the pages that a walk uses."""

import pytest

from exporter.records import Backup, Page
from exporter.walk.dispatcher import Request
from exporter.walk.request_order import RequestOrder


def add(order: RequestOrder[Backup], sent_index: int, received_index: int, total: int | None = None) -> bool:
    """Add a page; return whether it is in order."""
    page = Page[Backup](records=(), length=0, total=total)
    return order.add(
        Request(None, 10, sent_index=sent_index, received_index=received_index, response=page), page
    )


def test_a_page_requested_after_all_responses_is_in_order() -> None:
    """A page that was requested before one of them came is not."""
    order = RequestOrder[Backup]()

    assert add(order, 0, 3)
    assert add(order, 3, 4)
    assert not add(order, 2, 4)
    assert not add(order, 3, 5)
    assert add(order, 5, 6)


@pytest.mark.parametrize("totals", [(100, 99), (99, 100)])
def test_the_highest_total_counts(totals: tuple[int, int]) -> None:
    """A lower total could hide a missing record, whenever it was told."""
    order = RequestOrder[Backup]()
    add(order, 0, 1, total=totals[0])
    add(order, 1, 2, total=totals[1])

    assert order.highest_total == 100


def test_without_a_total_there_is_none() -> None:
    """A page that tells no total leaves the highest one as it is."""
    order = RequestOrder[Backup]()
    add(order, 0, 1)

    assert order.highest_total is None
    assert repr(order) == "RequestOrder(highest_total=None)"
