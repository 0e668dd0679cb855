"""The scrapes of one target: one walk at a time, shared by all who wait for it, each answered in time."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Protocol

from structlog.typing import FilteringBoundLogger

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Target
from exporter.durations import format_age
from exporter.errors import ApiError, Reason, WalkCrashedError
from exporter.results import ScrapeResult, WalkStats
from exporter.target.running_walk import RunningWalk, WalkSlot
from exporter.target.state import TargetState
from exporter.target.walk import WalkOutcome
from exporter.target.walk_log import WalkLog

LONGEST_WALK: Final = (
    600.0  # seconds that a walk may outlive its scrapes by, where the budget asks for no more
)
Spawn = Callable[[Callable[[], None]], None]


class Walk(Protocol):
    """Walks for some seconds at most, leaving the budget the next walk's requests."""

    def __call__(self, seconds: float, next_walk: int = 1, running: RunningWalk | None = None) -> WalkOutcome:
        """Return how it ended; `running` shows others its requests and lets them cancel it."""


def _spawn(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="walk", daemon=True).start()


def answer_once(outcome: WalkOutcome, now: float) -> ScrapeResult:
    """Say what is true after a single walk that ended at `now`."""
    state = TargetState(stale_after=0)
    state.begin(now)
    end(state, outcome)
    return state.answer(now, deferred=False)


def end(state: TargetState, outcome: WalkOutcome) -> None:
    """Let a state's walk end."""
    state.instances_ok = outcome.instances_ok
    if isinstance(outcome.result, ApiError):
        state.fail(outcome.result.reason, outcome.stats)
    else:
        state.succeed(outcome.result, outcome.stats)


class Scraper:
    """Answers the scrapes of one target. Safe to use from many threads.

    A walk that hangs is abandoned: it ends as `timeout`, its late result is dropped, the next scrape walks.
    """

    def __init__(  # noqa: PLR0913 - the last is for tests
        self,
        target: Target,
        walk: Walk,
        budget: Budget,
        log: FilteringBoundLogger,
        *,
        clock: Clock,
        spawn: Spawn = _spawn,
    ) -> None:
        self.target = target
        self.budget = budget
        self._walk = walk
        self._walk_log = WalkLog(log)
        self._unlogged: SimpleQueue[WalkOutcome | BaseException] = SimpleQueue()
        self._clock = clock
        self._spawn = spawn
        self._state = TargetState(stale_after=target.stale_after)
        self._changed = threading.Condition()
        self._slot = WalkSlot()
        self._closed = False

    def scrape(self, seconds: float, is_abandoned: Callable[[], bool] = lambda: False) -> ScrapeResult:
        """Answer within `seconds`, by a walk if it is allowed and can be had in time, else by what is known.

        Once nobody waits for the answer any more, `is_abandoned` says so, and `wake` has it asked.
        Raises `WalkCrashedError` while the last walk that ended did so by an unexpected exception.
        """
        try:
            with self._changed:
                return self._scrape(seconds, is_abandoned)
        finally:
            self._write_log()

    def last_result(self) -> ScrapeResult:
        """Say what is known, without a walk."""
        with self._changed:
            return self._state.answer(self._clock.monotonic(), deferred=False)

    def wake(self) -> None:
        """Let scrapes that are abandoned end."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Let every scrape that waits answer at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _scrape(self, seconds: float, is_abandoned: Callable[[], bool]) -> ScrapeResult:
        now = self._clock.monotonic()
        self._abandon_overdue(now)
        deferred = self._slot.is_free and self._is_due(now) and not self._begin(now)
        if self._slot.running is not None and self._is_worth_waiting(now + seconds):
            self._await_walk(self._slot.running, seconds, is_abandoned)
        if self._state.crashed:
            raise WalkCrashedError
        return self._state.answer(self._clock.monotonic(), deferred=deferred)

    def _is_due(self, now: float) -> bool:
        began = self._state.succeeded_from
        return began is None or now - began >= self.target.min_walk_interval

    def _begin(self, now: float) -> bool:
        """Begin a walk, unless the budget forbids it."""
        expected = self._state.expected
        cost = max(1, expected.requests)
        if self.budget.request_walk(cost, expected.seconds) > 0:
            return False
        self._state.begin(now)
        running = RunningWalk(now, self._longest_walk, self.budget)
        self._slot.begin(running)
        try:
            self._spawn(lambda: self._run(running, cost))
        except (RuntimeError, MemoryError) as error:  # the system gives no thread
            self._slot.end(running)
            self._end(self._timed_out(running, now, f"cannot start a thread for the walk: {error}"))
        return True

    @property
    def _longest_walk(self) -> float:
        return max(LONGEST_WALK, self.target.scrape_timeout)

    def _is_worth_waiting(self, deadline: float) -> bool:
        """Say whether the walk may end by the `deadline`, going by the last one; without a snapshot, hope."""
        last, began = self._state.last_walk, self._state.walking_since
        if last is None or began is None or self._state.servable(self._clock.monotonic()) is None:
            return True
        return began + last.seconds <= deadline

    def _await_walk(self, running: RunningWalk, seconds: float, is_abandoned: Callable[[], bool]) -> None:
        self._changed.wait_for(
            lambda: self._closed or self._slot.running is not running or is_abandoned(), timeout=seconds
        )

    def _abandon_overdue(self, now: float) -> None:
        """End the walk under way as `timeout` if it hangs."""
        if hung := self._slot.abandon_overdue(now):
            message = f"the walk hangs: it did not end within {format_age(hung.longest)}"
            self._end(self._timed_out(hung, now, message))

    def _timed_out(self, running: RunningWalk, now: float, message: str) -> WalkOutcome:
        """Make the outcome of a walk that could not end by itself, as far as it has come."""
        return WalkOutcome(
            WalkStats(seconds=now - running.began, pages=running.pages, requests=running.requests),
            ApiError(Reason.TIMEOUT, message),
            instances_ok=self._state.instances_ok,
        )

    def _run(self, running: RunningWalk, cost: int) -> None:
        ended: WalkOutcome | BaseException
        try:
            ended = self._walk(self._longest_walk, cost, running)
        except BaseException as error:  # noqa: BLE001 - whatever ends a walk, the next scrape must walk again
            ended = error
        with self._changed:
            if self._slot.end(running):
                self._end(ended)
        del ended  # whose traceback would keep this frame, and with it every page
        self._write_log()

    def _end(self, ended: WalkOutcome | BaseException) -> None:
        """Take in how a walk ended."""
        if isinstance(ended, BaseException):
            self._state.crash()
        else:
            end(self._state, ended)
        self._changed.notify_all()
        self._unlogged.put(ended)

    def _write_log(self) -> None:
        """Log how walks ended; without the lock, since a write may take its time."""
        while True:
            try:
                ended = self._unlogged.get_nowait()
            except Empty:
                return
            self._walk_log.note(ended)
