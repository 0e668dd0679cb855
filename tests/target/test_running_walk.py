"""One walk under way, and what becomes of one that hangs."""

import pytest

from exporter.api.budget import Budget
from exporter.target.running_walk import MOST_ABANDONED, OVERDUE, RunningWalk, WalkSlot
from tests.support.world import World

HOUR = 3600.0


class Requests:
    """A client that counts what a test says."""

    def __init__(self, requests: int = 0) -> None:
        self.requests = requests
        self.pages = 0
        self.is_closed = False

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


def walk(began: float = 0.0, seconds: float = 600.0, tier: str = "auto") -> RunningWalk:
    """Make a walk under way."""
    return RunningWalk(began, seconds, Budget(clock=World(), tier=tier, share=1.0))


def test_without_a_known_tier_it_may_take_its_seconds() -> None:
    """And a margin, in which it should end by itself."""
    assert walk().longest == 600 + OVERDUE


def test_the_budgets_pace_gives_it_more_time() -> None:
    """Twice what the requests so far take at the pace of the hour's budget, as its client has it."""
    running, client = walk(tier="standard"), Requests()
    running.follow(client)  # type: ignore[arg-type] # what is used of one
    before = running.longest
    client.requests = 500

    assert before == 600 + OVERDUE
    assert running.longest == pytest.approx(2 * 500 * HOUR / 1_000 + OVERDUE)


def test_cancelling_closes_its_client() -> None:
    """One that it has."""
    running, client = walk(), Requests()
    running.follow(client)  # type: ignore[arg-type] # what is used of one
    assert not client.is_closed
    running.cancel()

    assert client.is_closed


def test_cancelling_closes_a_client_that_comes_later() -> None:
    """A walk that hung before its first request sends none when it wakes up."""
    running, client = walk(), Requests()
    running.cancel()
    running.follow(client)  # type: ignore[arg-type] # what is used of one

    assert client.is_closed


def test_a_slot_is_free_again_once_its_walk_has_ended() -> None:
    """The result of a walk that was not abandoned counts."""
    slot, running = WalkSlot(), walk()
    slot.begin(running)

    assert not slot.is_free
    assert slot.abandon_overdue(running.longest) is None
    assert slot.end(running)
    assert slot.is_free


def test_a_slot_gives_up_a_walk_that_hangs_and_few_may() -> None:
    """Each of the abandoned makes room for another by ending; its result does not count."""
    slot, hung = WalkSlot(), [walk() for _ in range(MOST_ABANDONED)]
    for running in hung:
        assert slot.is_free
        slot.begin(running)
        assert slot.abandon_overdue(600 + OVERDUE + 1) is running

    assert not slot.is_free
    assert not slot.end(hung[0])
    assert slot.is_free
