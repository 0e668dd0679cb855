"""A scraper over walks that a test ends, on a clock that a test moves forward."""

from collections.abc import Callable
from typing import Unpack

import structlog

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Duration
from exporter.results import ScrapeResult
from exporter.target import MAX_WALK_SECONDS, Scraper, WalkOutcome
from exporter.target.running_walk import HANG_MARGIN, RunningWalk
from tests.support.outcomes import complete, failed
from tests.support.targets import TargetSettings, target
from tests.support.world import World

STALE_AFTER = 300.0
Thread = Callable[[], None]
"""What the thread of a walk runs."""


class PendingWalks:
    """The walker of a scraper and its threads: `spawn` keeps a walk pending, `end` lets the last one end."""

    def __init__(self) -> None:
        self.pending: list[Thread] = []
        self.started = 0
        self.has_threads = True
        self._result: WalkOutcome | BaseException = failed()

    def __call__(self, _seconds: float, _reserved: int, _running: RunningWalk) -> WalkOutcome:
        """End as the test says."""
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result

    def spawn(self, work: Thread) -> None:
        """Keep the walk pending; without threads, raise what Python raises then."""
        if not self.has_threads:
            raise RuntimeError("can't start new thread")
        self.started += 1
        self.pending.append(work)

    def end(self, result: WalkOutcome | BaseException) -> None:
        """Let the last pending walk end."""
        self.end_thread(self.pending.pop(), result)

    def end_thread(self, work: Thread, result: WalkOutcome | BaseException) -> None:
        """Let the walk of this thread end."""
        self._result = result
        work()


class SteppedClock(Clock):
    """A clock whose Unix time is `ahead` seconds wrong, and whose monotonic time is right."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = 0.0

    def now(self) -> float:
        """Return Unix time."""
        return self._world.now() + self.ahead

    def monotonic(self) -> float:
        """Return monotonic time."""
        return self._world.monotonic()


class Rig:
    """A scraper with its pending walks and its clock."""

    def __init__(self, **settings: Unpack[TargetSettings]) -> None:
        fields: TargetSettings = {"stale_after": Duration(STALE_AFTER), **settings}
        self.world = World()
        self.clock = SteppedClock(self.world)
        self.walks = PendingWalks()
        self.budget = Budget(clock=self.world)
        self.scraper = Scraper(
            target(**fields),
            self.walks,
            self.budget,
            structlog.get_logger(),
            clock=self.clock,
            spawn=self.walks.spawn,
        )

    def scrape(self) -> ScrapeResult:
        """Scrape without waiting for a walk."""
        return self.scraper.scrape(0)

    def succeed(self, seconds: float = 1.0) -> WalkOutcome:
        """Start a walk and let it be complete; return its outcome."""
        self.scrape()
        outcome = complete(self.world.now(), seconds=seconds)
        self.walks.end(outcome)
        return outcome

    def hang(self) -> Thread:
        """Start a walk and let it hang until it can be abandoned; return its thread."""
        self.scrape()
        self.world.sleep(MAX_WALK_SECONDS + HANG_MARGIN + 1)
        return self.walks.pending.pop()
