"""The scrapes of one target: they share one walk at a time, and each returns before its deadline."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from structlog.typing import FilteringBoundLogger

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Target
from exporter.errors import WalkCrashedError
from exporter.results import ScrapeResult, TargetStatus
from exporter.target.outcome import WalkOutcome
from exporter.target.runner import Spawn, WalkLostError, WalkRunner, thread_starter
from exporter.target.running_walk import RunningWalk
from exporter.target.state import TargetState
from exporter.target.walk_log import WalkLog

START_THREAD: Final = thread_starter("walk")
MAX_WALK_SECONDS: Final = 600.0
"""The time limit of a walk, which may outlive its scrapes; a `scrape_timeout` above it extends it."""


class Walker(Protocol):
    """Walks one target."""

    def __call__(self, seconds: float, reserved: int, running: RunningWalk, /) -> WalkOutcome:
        """Walk for at most `seconds`.

        :param reserved: requests to leave in the budget for the next walk.
        :param running: shows the walk's progress to other threads and lets them cancel it.
        """


class Scraper:
    """Returns the results of scrapes. Safe to use from many threads.

    A scrape starts a walk, if none is running, one is due and the budget allows it. It waits for the running
    walk until its deadline, then returns what is known.

    :param walker: walks the target; called in the thread of the walk.
    :param budget: the API's requests, which decide whether a walk may start.
    :param spawn: starts the thread of a walk.
    """

    def __init__(  # noqa: PLR0913 - the last is for tests
        self,
        target: Target,
        walker: Walker,
        budget: Budget,
        log: FilteringBoundLogger,
        *,
        clock: Clock,
        spawn: Spawn = START_THREAD,
    ) -> None:
        self.target = target
        self.budget = budget
        self._walker = walker
        self._clock = clock
        self._state = TargetState(stale_after=target.stale_after, max_backups=target.max_backups)
        self._log = WalkLog(log)
        self._runner = WalkRunner(self._end_walk, spawn, after_end=self._log.write)

    def __repr__(self) -> str:
        return f"Scraper({self.target.name!r}, {self._state}, {self._runner})"

    def scrape(self, seconds: float, client_left: Callable[[], bool] = lambda: False) -> ScrapeResult:
        """Return the result of a walk that ends within `seconds`, else what the last walks returned.

        :param client_left: whether the client has disconnected; call `wake` when that becomes true.
        :raises WalkCrashedError: if an unexpected exception ended the last walk.
        """
        try:
            with self._runner.lock:
                return self._scrape(seconds, client_left)
        finally:
            self._log.write()

    def last_result(self) -> ScrapeResult:
        """Return what is known, without a walk."""
        with self._runner.lock:
            return self._result(self._clock.monotonic(), deferred=False)

    def status(self) -> TargetStatus:
        """Return what people see of the target, without a walk."""
        with self._runner.lock:
            now = self._clock.monotonic()
            return TargetStatus(
                result=self._result(now, deferred=False),
                snapshot=self._state.last_snapshot,
                outage=self._state.outage(now, self._clock.now()),
            )

    def wake(self) -> None:
        """Let scrapes return if their client has left."""
        with self._runner.lock:
            self._runner.lock.notify_all()

    def close(self) -> None:
        """Let all scrapes return at once, now and from now on."""
        with self._runner.lock:
            self._runner.end_waits()

    def _scrape(self, seconds: float, client_left: Callable[[], bool]) -> ScrapeResult:
        now = self._clock.monotonic()
        self._runner.abandon_hung(now)
        is_due = self._runner.is_free and self._is_due(now)
        started = is_due and self._start_walk_if_granted(now)
        walk = self._runner.running
        if walk and self._is_worth_waiting(walk, now, seconds):
            self._runner.wait_for(walk, seconds, client_left)
        if self._state.is_crashed:
            raise WalkCrashedError
        return self._result(self._clock.monotonic(), deferred=is_due and not started)

    def _result(self, now: float, *, deferred: bool) -> ScrapeResult:
        allowed = self.budget.walk_interval(self._expected_requests)
        interval = max(allowed, self.target.min_walk_interval)
        return self._state.result(now, deferred=deferred, walk_interval=interval)

    @property
    def _expected_requests(self) -> int:
        return max(1, self._state.expected_walk.requests)

    def _is_due(self, now: float) -> bool:
        began = self._state.last_complete_began
        return began is None or now - began >= self.target.min_walk_interval

    def _start_walk_if_granted(self, now: float) -> bool:
        """Request a walk from the budget and start it; return `False` if the budget allows none now."""
        requests = self._expected_requests
        if self.budget.request_walk(requests, self._state.expected_walk.seconds) > 0:
            return False
        seconds = max(MAX_WALK_SECONDS, self.target.scrape_timeout)
        walk = RunningWalk(now, seconds, self.budget)
        self._runner.start(walk, partial(self._walker, seconds, requests, walk))
        return True

    def _is_worth_waiting(self, walk: RunningWalk, now: float, seconds: float) -> bool:
        """Return whether the walk can end in time if it takes as long as the last one.

        Without a snapshot there is nothing else to return, so waiting is always worth it.
        """
        last = self._state.last_walk
        if last is None or self._state.servable_snapshot(now) is None:
            return True
        return walk.began + last.seconds <= now + seconds

    def _end_walk(self, walk: RunningWalk, result: WalkOutcome | BaseException) -> None:
        """Record how a walk ended. `WalkLostError` is a failure of this walk; other exceptions are bugs."""
        now = self._clock.monotonic()
        if isinstance(result, WalkLostError):
            result = WalkOutcome(walk.stats(now), result, instances_ok=self._state.instances_ok)
        if isinstance(result, WalkOutcome):
            self._state.end_walk(walk.began, result)
        else:
            self._state.crash(walk.began, walk.stats(now))
        serves_snapshot = self._state.servable_snapshot(now) is not None
        self._log.note(result, began=walk.began, now=now, serves_snapshot=serves_snapshot)
