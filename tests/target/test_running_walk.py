"""One walk in progress."""

import pytest

from exporter.api.budget import Budget
from exporter.results import WalkStats
from exporter.target.running_walk import HANG_MARGIN, RunningWalk
from tests.support.world import World

HOUR = 3600.0


class FakeRequests:
    """The requests of a walk, as a test counts them."""

    def __init__(self, requests: int = 0, pages: int = 0) -> None:
        self.requests = requests
        self.pages = pages
        self.expected_pages: int | None = None
        self.is_closed = False

    def close(self) -> None:
        """Note that it was called."""
        self.is_closed = True


def walk(tier: str = "auto") -> RunningWalk:
    """Make a walk that began at 0 and may take ten minutes."""
    return RunningWalk(0.0, 600.0, Budget(clock=World(), tier=tier, share=1.0))


def test_a_walk_counts_as_hung_a_margin_after_its_time_limit() -> None:
    """Without a known tier, nothing extends the limit."""
    assert walk().hang_limit == 600 + HANG_MARGIN


def test_the_budgets_pace_extends_the_time_limit() -> None:
    """A walk may take twice as long as its requests take at the pace of the hour's budget."""
    running, client = walk(tier="standard"), FakeRequests()
    running.attach(client)
    before = running.hang_limit
    client.requests = 500

    assert before == 600 + HANG_MARGIN
    assert running.hang_limit == pytest.approx(2 * 500 * HOUR / 1_000 + HANG_MARGIN)


def test_cancelling_closes_the_client() -> None:
    """A walk whose client is attached sends no more requests once it is cancelled."""
    running, client = walk(), FakeRequests()
    running.attach(client)
    before = client.is_closed
    running.cancel()

    assert (before, client.is_closed) == (False, True)


def test_cancelling_closes_a_client_that_is_attached_later() -> None:
    """A walk that hung before its first request sends none when it wakes up."""
    running, client = walk(), FakeRequests()
    running.cancel()
    running.attach(client)

    assert client.is_closed


def test_stats_count_what_the_walk_has_cost_so_far() -> None:
    """Before a client is attached, the cost is time alone."""
    running = walk()
    early = running.stats(2.0)
    running.attach(FakeRequests(requests=4, pages=3))

    assert early == WalkStats(seconds=2.0, pages=0, requests=0)
    assert running.stats(5.0) == WalkStats(seconds=5.0, pages=3, requests=4)


def test_the_expected_pages_are_those_of_the_client() -> None:
    """They are unknown before a client is attached, and until the API reports the size of the list."""
    running, client = walk(), FakeRequests()
    unattached = running.expected_pages
    running.attach(client)
    unknown = running.expected_pages
    client.expected_pages = 250

    assert (unattached, unknown, running.expected_pages) == (None, None, 250)
