"""Requests for pages, sent as many at once as the pool allows."""

import pytest

from exporter.errors import ApiError, Reason
from exporter.records import Backup
from exporter.walk.dispatcher import Dispatcher, Request
from exporter.walk.page_size import Marker
from tests.support.pools import ManualPool


def fetch(marker: Marker, limit: int) -> str:
    """Fetch a body that tells its request; the marker may name a failure."""
    if marker in set(Reason):
        raise ApiError(Reason(marker), "no")
    return f"{marker}, {limit}"


def queued(*markers: Marker, size: int = 1) -> Dispatcher[str, Backup]:
    """Queue requests for a pool of this size."""
    dispatcher = Dispatcher[str, Backup](fetch, ManualPool(size).pool)
    for marker in markers:
        dispatcher.add(Request(marker, 10))
    return dispatcher


def finished(dispatcher: Dispatcher[str, Backup]) -> list[str | ApiError]:
    """Wait, and return what came."""
    return [body for _, body in dispatcher.await_finished()]


def test_requests_are_sent_in_their_order_unless_one_is_prioritized() -> None:
    """What the walk waits for comes first."""
    dispatcher = queued(None, "a", "b", "c")
    dispatcher.prioritize("b")

    assert [finished(dispatcher) for _ in range(4)] == [["b, 10"], ["None, 10"], ["a, 10"], ["c, 10"]]


def test_a_request_that_is_not_queued_cannot_be_prioritized() -> None:
    """It may be in flight already."""
    dispatcher = queued("a")
    dispatcher.prioritize("b")

    assert finished(dispatcher) == ["a, 10"]


def test_a_request_replaces_a_queued_one_for_the_same_marker() -> None:
    """One of them is enough."""
    dispatcher = queued("a")
    dispatcher.add(Request("a", 5))

    assert finished(dispatcher) == ["a, 5"]


def test_a_cleared_queue_sends_nothing() -> None:
    """Only requests in flight are still completed."""
    dispatcher = queued("a", "b", "c", size=2)
    dispatcher.send()
    dispatcher.clear()

    assert [finished(dispatcher) for _ in range(2)] == [["a, 10"], ["b, 10"]]
    assert "queued=0, in_flight=0" in repr(dispatcher)


def test_moments_are_counted_in_requests() -> None:
    """A request knows whether it was sent after another one's response."""
    dispatcher = queued("a", "b", "c", size=2)
    (first, _), (second, _), (third, _) = (next(dispatcher.await_finished()) for _ in range(3))

    assert (first.sent_index, first.received_index) == (0, 2)
    assert not second.is_sent_after(first.received_index)
    assert third.is_sent_after(first.received_index)
    assert Request[Backup]("d", 10).is_sent_after(first.received_index)


def test_a_failure_of_one_page_is_its_response() -> None:
    """The walk may never need that page."""
    [failure] = finished(queued(Reason.SERVER_ERROR))

    assert isinstance(failure, ApiError)


@pytest.mark.parametrize("reason", [Reason.AUTH, Reason.FORBIDDEN, Reason.RATE_LIMITED])
def test_a_failure_of_every_request_is_raised(reason: Reason) -> None:
    """No other page can be had either."""
    with pytest.raises(ApiError) as failure:
        finished(queued(reason))

    assert failure.value.reason is reason
