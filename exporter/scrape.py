"""The scrapes of one target: one walk at a time, shared by all who wait for it, each answered in time."""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from structlog.typing import FilteringBoundLogger

from exporter.budget import Budget
from exporter.clock import Clock
from exporter.config import Target
from exporter.errors import ApiError
from exporter.model import Answer, Snapshot, WalkStats
from exporter.state import State
from exporter.target_walk import Outcome

LONGEST_WALK: Final = (
    600.0  # seconds that a walk may outlive its scrapes by, where the budget asks for no more
)
Spawn = Callable[[Callable[[], None]], None]


class Walk(Protocol):
    """Walks for some seconds at most, leaving the budget the next walk's requests."""

    def __call__(self, seconds: float, next_walk: int = 1) -> Outcome:
        """Return how it ended."""


def _spawn(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="walk", daemon=True).start()


def answer_once(outcome: Outcome, now: float) -> Answer:
    """Say what is true after a single walk that ended at `now`."""
    state = State(stale_after=0)
    state.begin(now)
    end(state, outcome)
    return state.answer(now, deferred=False)


def end(state: State, outcome: Outcome) -> None:
    """Let a state's walk end."""
    state.instances_well = outcome.instances_well
    if isinstance(outcome.result, ApiError):
        state.fail(outcome.result.reason, outcome.stats)
    else:
        state.succeed(outcome.result, outcome.stats)


class Scraper:
    """Answers the scrapes of one target. Safe to use from many threads."""

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
        self._log = log
        self._clock = clock
        self._spawn = spawn
        self._state = State(stale_after=target.stale_after)
        self._changed = threading.Condition()
        self._walks_ended = 0
        self._bug: Exception | None = None
        self._logged: tuple[object, ...] | None = None
        self._closed = False

    def scrape(self, seconds: float) -> Answer:
        """Answer within `seconds`, by a walk if it is allowed and can be had in time, else by what is known.

        Raises whatever unexpected exception ended the last walk: that is a bug, and no failure of the API.
        """
        with self._changed:
            now = self._clock.now()
            deferred = self._state.walking_since is None and self._is_due(now) and not self._begin(now)
            if self._state.walking_since is not None and self._is_worth_waiting(now + seconds):
                self._await_walk(seconds)
            if self._bug is not None:
                raise self._bug
            return self._state.answer(self._clock.now(), deferred=deferred)

    def peek(self) -> Answer:
        """Say what is known, without a walk."""
        with self._changed:
            return self._state.answer(self._clock.now(), deferred=False)

    def close(self) -> None:
        """Let every scrape that waits answer at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_due(self, now: float) -> bool:
        began = self._state.succeeded_from
        return began is None or not 0 <= now - began < self.target.min_walk_interval

    def _begin(self, now: float) -> bool:
        """Begin a walk, unless the budget forbids it."""
        expected = self._state.expected
        cost = max(1, expected.requests)
        if self.budget.wait_for_walk(cost, expected.seconds) > 0:
            return False
        self._state.begin(now)
        self._spawn(lambda: self._run(cost))
        return True

    def _is_worth_waiting(self, deadline: float) -> bool:
        """Say whether the walk may end by the `deadline`, going by the last one; without a snapshot, hope."""
        last, began = self._state.last_walk, self._state.walking_since
        if last is None or began is None or self._state.servable(self._clock.now()) is None:
            return True
        return began + last.seconds <= deadline

    def _await_walk(self, seconds: float) -> None:
        awaited = self._walks_ended + 1
        self._changed.wait_for(lambda: self._closed or self._walks_ended >= awaited, timeout=seconds)

    def _run(self, cost: int) -> None:
        try:
            outcome = self._walk(max(LONGEST_WALK, self.target.scrape_timeout), cost)
        except Exception as error:  # noqa: BLE001 - a bug, which every scrape that waits for this walk must raise
            self._log.exception("the walk ended by a bug of the exporter")
            self._end(None, error)
        else:
            self._end(outcome, None)

    def _end(self, outcome: Outcome | None, bug: Exception | None) -> None:
        with self._changed:
            self._bug = bug
            if outcome is None:
                self._state.give_up()
            else:
                end(self._state, outcome)
                self._log_change(outcome)
            self._walks_ended += 1
            self._changed.notify_all()

    def _log_change(self, outcome: Outcome) -> None:
        """Log how a walk ended where that is news: an outage is one line, however long it lasts."""
        if isinstance(outcome.result, ApiError):
            self._log_failure(outcome.result)
        else:
            self._log_success(outcome.result, outcome.stats)

    def _log_success(self, snapshot: Snapshot, stats: WalkStats) -> None:
        if self._is_news(()):
            self._log.info(
                "walks succeed",
                backups=snapshot.summary.backups,
                pages=stats.pages,
                seconds=round(stats.seconds, 3),
            )

    def _log_failure(self, error: ApiError) -> None:
        if self._is_news((error.reason, error.status)):
            self._log.warning(
                "walks fail",
                reason=error.reason.value,
                status=error.status,
                message=error.message,
                request_id=error.request_id,
            )

    def _is_news(self, outcome: tuple[object, ...]) -> bool:
        """Say whether walks end otherwise than before."""
        known, self._logged = self._logged, outcome
        return known != outcome
