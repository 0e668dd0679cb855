"""Faults are used for the requests that match them."""

from exporter.simulator import Request
from tests.support.faults import CannedReply, Fault, Faults

REQUEST = Request("GET", "/v1/database-backups", {"marker": "m"}, {}, 0.0)
BUSY = CannedReply(503)


def test_a_fault_is_used_a_number_of_times() -> None:
    """A fault is used as often as requested, by default once."""
    faults = Faults()
    faults.add(BUSY)
    faults.add(CannedReply(500), times=2)

    assert [faults.take(REQUEST) for _ in range(4)] == [BUSY, CannedReply(500), CannedReply(500), Fault()]


def test_a_fault_can_be_permanent() -> None:
    """A fault without a limit lasts until the faults are cleared."""
    faults = Faults()
    faults.add(BUSY, times=None)
    lasting = [faults.take(REQUEST) for _ in range(3)]
    faults.clear()

    assert lasting == [BUSY] * 3
    assert faults.take(REQUEST) == Fault()


def test_a_fault_can_have_a_condition() -> None:
    """A fault with a condition ignores and does not count other requests."""
    faults = Faults()
    faults.add(BUSY, when=lambda request: "limit" in request.query)
    faults.add(CannedReply(404), when=lambda request: request.query["marker"] == "m")

    assert faults.take(REQUEST) == CannedReply(404)
    assert faults.take(REQUEST) == Fault()
