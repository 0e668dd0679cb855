"""What is known about one target between scrapes: a state machine without threads and without a clock.

    NeverWalked ─▶ Current   a walk was complete
                ─▶ Failing   a walk failed
                ─▶ Crashed   an unexpected exception ended a walk

From each of the last three, the next walk leads to one of them again. `Failing` and `Crashed` keep the last
complete walk, and when the first of the walks that failed in a row began.

Times are monotonic seconds and are passed in, because the machine's clock may step in either direction. Only
what is shown, such as `Snapshot.completed_at`, is Unix time.
"""

from msgspec import Struct

from exporter.errors import ApiError, Reason, WalkCrashedError
from exporter.results import Outage, ScrapeResult, Snapshot, WalkStats
from exporter.target.outcome import WalkOutcome

FIRST_WALK = WalkStats(seconds=0.0, pages=1, requests=1)
"""What a walk is expected to cost before any has ended."""


class CompleteWalk(Struct, frozen=True):
    """The last complete walk, and when it began."""

    began: float
    snapshot: Snapshot
    stats: WalkStats


class NeverWalked(Struct, frozen=True):
    """No walk has ended yet."""

    complete: None = None
    last_walk: None = None


class Current(Struct, frozen=True):
    """The last walk was complete."""

    complete: CompleteWalk

    @property
    def last_walk(self) -> WalkStats:
        """The cost of the complete walk."""
        return self.complete.stats


class Failing(Struct, frozen=True):
    """The last walk failed.

    :param since: when the first of the failed walks in a row began.
    :param message: what went wrong, in one printable line without secrets.
    :param request_id: the API's id of the failed request.
    """

    since: float
    reason: Reason
    message: str
    request_id: str | None
    last_walk: WalkStats
    complete: CompleteWalk | None


class Crashed(Struct, frozen=True):
    """An unexpected exception, a bug of the exporter, ended the last walk. `since` as in `Failing`."""

    since: float
    last_walk: WalkStats
    complete: CompleteWalk | None


class TargetState:
    """The state of one target, and what a scrape returns in it.

    :param stale_after: seconds for which the last snapshot is served while walks fail; 0: not at all.
    :param max_backups: how many backups the account may have; `None` if it is not configured.
    """

    def __init__(self, *, stale_after: float, max_backups: int | None = None) -> None:
        self._stale_after = stale_after
        self._max_backups = max_backups
        self._state: NeverWalked | Current | Failing | Crashed = NeverWalked()
        self.instances_ok: bool | None = None
        """`WalkOutcome.instances_ok` of the last walk."""

    def __repr__(self) -> str:
        return f"TargetState({type(self._state).__name__})"

    def end_walk(self, began: float, outcome: WalkOutcome) -> None:
        """Record a walk that was complete or failed.

        :param began: when it began, in monotonic seconds.
        """
        self.instances_ok = outcome.instances_ok
        if isinstance(outcome.result, ApiError):
            self._state = self._failing(began, outcome.result, outcome.stats)
        else:
            self._state = Current(CompleteWalk(began, outcome.result, outcome.stats))

    def crash(self, began: float, stats: WalkStats) -> None:
        """Record a walk that an unexpected exception ended.

        :param began: when it began, in monotonic seconds.
        :param stats: its cost.
        """
        self._state = Crashed(self._failing_since(began), stats, self._state.complete)

    @property
    def is_crashed(self) -> bool:
        """Whether an unexpected exception ended the last walk."""
        return isinstance(self._state, Crashed)

    @property
    def last_walk(self) -> WalkStats | None:
        """The cost of the last walk that ended; `None` before the first."""
        return self._state.last_walk

    @property
    def last_complete_began(self) -> float | None:
        """When the last complete walk began; `None` without one."""
        return self._state.complete.began if self._state.complete else None

    @property
    def expected_walk(self) -> WalkStats:
        """What the next walk probably costs: as much as the last complete walk, else as the last one."""
        complete = self._state.complete
        return (complete.stats if complete else self._state.last_walk) or FIRST_WALK

    @property
    def last_snapshot(self) -> Snapshot | None:
        """The result of the last complete walk, however old it is; `None` without one."""
        return self._state.complete.snapshot if self._state.complete else None

    def servable_snapshot(self, now: float) -> Snapshot | None:
        """Return the last snapshot; `None` without one, and once walks have failed for `stale_after`.

        :param now: monotonic seconds.
        """
        state = self._state
        if state.complete is None or (
            isinstance(state, Failing | Crashed) and now - state.since >= self._stale_after
        ):
            return None
        return state.complete.snapshot

    def result(self, now: float, *, deferred: bool, walk_interval: float | None = None) -> ScrapeResult:
        """Return what a scrape returns at `now` (monotonic seconds).

        :param deferred: whether the API's budget allowed no walk for this scrape.
        :param walk_interval: seconds between walks that budget and configuration allow; 0: every scrape
            walks; `None`: unknown.
        """
        state = self._state
        return ScrapeResult(
            up=isinstance(state, Current),
            failure=self._failure(deferred=deferred),
            deferred=deferred,
            snapshot=self.servable_snapshot(now),
            last_success=state.complete.snapshot.completed_at if state.complete else None,
            last_walk=state.last_walk,
            walk_interval=walk_interval,
            max_backups=self._max_backups,
            instances_ok=self.instances_ok,
        )

    def outage(self, now: float, unix_now: float) -> Outage | None:
        """Return the outage that lasts; `None` unless the last walk failed.

        :param now: monotonic seconds.
        :param unix_now: the same moment in Unix seconds, to display when the outage began.
        """
        match self._state:
            case Failing(since=since, reason=reason, message=message, request_id=request_id):
                return Outage(unix_now - (now - since), reason, message, request_id)
            case Crashed(since=since):
                return Outage(unix_now - (now - since), None, str(WalkCrashedError()))
        return None

    def _failing(self, began: float, error: ApiError, stats: WalkStats) -> Failing:
        return Failing(
            since=self._failing_since(began),
            reason=error.reason,
            message=error.message,
            request_id=error.request_id,
            last_walk=stats,
            complete=self._state.complete,
        )

    def _failing_since(self, began: float) -> float:
        return self._state.since if isinstance(self._state, Failing | Crashed) else began

    def _failure(self, *, deferred: bool) -> Reason | None:
        """Return why the last walk failed or, before the first has ended, why there is no data yet."""
        match self._state:
            case Failing(reason=reason):
                return reason
            case NeverWalked():
                return Reason.RATE_LIMITED if deferred else Reason.TIMEOUT
        return None


def scrape_result_of(outcome: WalkOutcome, now: float, max_backups: int | None = None) -> ScrapeResult:
    """Return the scrape result of a single walk that ended at `now` (monotonic seconds).

    :param max_backups: how many backups the account may have; `None` if it is not configured.
    """
    state = TargetState(stale_after=0, max_backups=max_backups)
    state.end_walk(now, outcome)
    return state.result(now, deferred=False)
