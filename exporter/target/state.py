"""What is known of one target between scrapes: a small machine, without threads and without a clock.

            begin                    succeed: the snapshot is replaced, `failing_since` forgotten
    idle ───────────▶ walking ──▶ idle
                                     fail: the snapshot stays, `failing_since` is when this walk, or the
                                     first of a row of failed ones, was begun
                                     crash: as `fail`, but without a reason: it is a bug of the exporter

Every time is in monotonic seconds, passed in: the machine's clock may step in either direction. Only what is
shown, such as a snapshot's `completed_at`, is Unix time.
"""

from exporter.errors import Reason
from exporter.results import ScrapeResult, Snapshot, WalkStats


class TargetState:
    """The walks of one target: the one under way, the last one that ended, the last one that was complete."""

    def __init__(self, *, stale_after: float) -> None:
        self._stale_after = stale_after
        self._snapshot: Snapshot | None = None
        self._failing_since: float | None = None
        self.walking_since: float | None = None
        self.succeeded_from: float | None = None
        """When the last complete walk was begun."""
        self.last_walk: WalkStats | None = None
        self._last_complete: WalkStats | None = None
        self.failure: Reason | None = None
        self.crashed = False
        """Whether an unexpected exception ended the last walk."""
        self.instances_ok: bool | None = None

    def begin(self, now: float) -> None:
        """Note that a walk begins."""
        self.walking_since = now

    def succeed(self, snapshot: Snapshot, stats: WalkStats) -> None:
        """Note that the walk under way was complete."""
        self.succeeded_from, self.walking_since = self.walking_since, None
        self.last_walk, self.failure, self._failing_since = stats, None, None
        self.crashed = False
        self._last_complete = stats
        self._snapshot = snapshot

    def fail(self, reason: Reason, stats: WalkStats) -> None:
        """Note that the walk under way failed."""
        self._end_without_snapshot()
        self.last_walk, self.failure, self.crashed = stats, reason, False

    def crash(self) -> None:
        """Note that an unexpected exception ended the walk under way."""
        self._end_without_snapshot()
        self.crashed = True

    def _end_without_snapshot(self) -> None:
        if self._failing_since is None:
            self._failing_since = self.walking_since
        self.walking_since = None

    @property
    def expected(self) -> WalkStats:
        """What the next walk is likely to cost: as much as the last complete one, else as the last."""
        return self._last_complete or self.last_walk or WalkStats(seconds=0.0, pages=1, requests=1)

    def servable(self, now: float) -> Snapshot | None:
        """Return the snapshot, while it may stand in for walks that fail."""
        if self._failing_since is not None and now - self._failing_since >= self._stale_after:
            return None
        return self._snapshot

    def answer(self, now: float, *, deferred: bool) -> ScrapeResult:
        """Say what is true at `now`."""
        return ScrapeResult(
            up=self.last_walk is not None and self.failure is None and not self.crashed,
            failure=self._failure_to_show(deferred=deferred),
            deferred=deferred,
            snapshot=self.servable(now),
            last_success=self._snapshot.completed_at if self._snapshot else None,
            last_walk=self.last_walk,
            instances_ok=self.instances_ok,
        )

    def _failure_to_show(self, *, deferred: bool) -> Reason | None:
        """Name what keeps the data away; before the first walk has ended, that is the wait for it."""
        if self.last_walk is not None:
            return self.failure
        return Reason.RATE_LIMITED if deferred else Reason.TIMEOUT
