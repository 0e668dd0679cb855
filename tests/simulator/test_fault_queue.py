"""Faults are used for the requests that match them."""

from exporter.simulator import Request
from tests.support.faults import Answer, Fault, Faults

REQUEST = Request("GET", "/v1/database-backups", {"marker": "m"}, {}, 0.0)
BUSY = Answer(503)


def test_a_fault_comes_as_often_as_it_was_ordered() -> None:
    """A fault is used as often as requested, by default once."""
    faults = Faults()
    faults.add(BUSY)
    faults.add(Answer(500), times=2)

    assert [faults.take(REQUEST) for _ in range(4)] == [BUSY, Answer(500), Answer(500), Fault()]


def test_a_fault_can_last() -> None:
    """A fault without a limit lasts until the faults are cleared."""
    faults = Faults()
    faults.add(BUSY, times=None)
    lasting = [faults.take(REQUEST) for _ in range(3)]
    faults.clear()

    assert lasting == [BUSY] * 3
    assert faults.take(REQUEST) == Fault()


def test_a_fault_can_pick_its_requests() -> None:
    """A fault with a condition ignores and does not count other requests."""
    faults = Faults()
    faults.add(BUSY, when=lambda request: "limit" in request.query)
    faults.add(Answer(404), when=lambda request: request.query["marker"] == "m")

    assert faults.take(REQUEST) == Answer(404)
    assert faults.take(REQUEST) == Fault()
