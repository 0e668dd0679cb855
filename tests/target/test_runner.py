"""One walk at a time, and what happens to one that hangs."""

from collections.abc import Callable
from typing import NoReturn

import pytest

from exporter.api.budget import Budget
from exporter.errors import Reason
from exporter.target.runner import MAX_ABANDONED, WalkLostError, WalkRunner
from exporter.target.running_walk import RunningWalk
from tests.support.world import World


class Rig:
    """A runner whose threads a test runs, and the results that it reported."""

    def __init__(self) -> None:
        self.threads: list[Callable[[], None]] = []
        self.results: list[str | BaseException] = []
        self.after_end = 0
        self.runner: WalkRunner[str] = WalkRunner(
            lambda _, result: self.results.append(result), self.threads.append, self.count
        )

    def count(self) -> None:
        """Count the calls after a walk's end."""
        self.after_end += 1

    def start(self, result: str = "result") -> RunningWalk:
        """Start a walk with this result."""
        walk = RunningWalk(0.0, 600.0, Budget(clock=World()))
        with self.runner.lock:
            self.runner.start(walk, lambda: result)
        return walk

    def abandon(self, walk: RunningWalk) -> None:
        """Let a walk hang until the runner abandons it."""
        with self.runner.lock:
            self.runner.abandon_hung(walk.hang_limit)
            assert self.runner.running is walk
            self.runner.abandon_hung(walk.hang_limit + 1)


def test_a_walk_that_ends_reports_its_result_and_frees_the_runner() -> None:
    """While it runs, no other walk may start."""
    rig = Rig()
    walk = rig.start()
    free_before = rig.runner.is_free
    rig.threads.pop()()

    assert (free_before, rig.runner.is_free) == (False, True)
    assert rig.results == ["result"]
    assert walk.ended.is_set()
    assert rig.after_end == 1


def test_an_abandoned_walk_is_lost_and_its_late_result_is_dropped() -> None:
    """It ends as a timeout that says how long it took, and another walk may start."""
    rig = Rig()
    rig.abandon(rig.start())
    free = rig.runner.is_free
    rig.threads.pop()()

    (error,) = rig.results
    assert isinstance(error, WalkLostError)
    assert (error.reason, error.message) == (Reason.TIMEOUT, "the walk did not end within 11m")
    assert free


def test_only_a_few_walks_may_hang() -> None:
    """At the limit, a walk may start only after one of them has ended."""
    rig = Rig()
    for _ in range(MAX_ABANDONED):
        assert rig.runner.is_free
        rig.abandon(rig.start())
    free_before = rig.runner.is_free
    rig.threads.pop()()

    assert (free_before, rig.runner.is_free) == (False, True)


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_walk_that_gets_no_thread_is_lost_at_once(error: Exception) -> None:
    """The next walk may start."""
    results: list[str | BaseException] = []

    def refuse(_: Callable[[], None]) -> NoReturn:
        raise error

    runner: WalkRunner[str] = WalkRunner(lambda _, result: results.append(result), refuse)
    with runner.lock:
        runner.start(RunningWalk(0.0, 600.0, Budget(clock=World())), lambda: "result")

    assert [type(result) for result in results] == [WalkLostError]
    assert runner.is_free


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_waits_end_early_if_cancelled_or_ended(*, is_cancelled: bool) -> None:
    """A cancelled wait returns at once, and so does every wait after `end_waits`."""
    rig = Rig()
    walk = rig.start()
    with rig.runner.lock:
        if not is_cancelled:
            rig.runner.end_waits()
        rig.runner.wait_for(walk, 3600, lambda: is_cancelled)

    assert not walk.ended.is_set()
