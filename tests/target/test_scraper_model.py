"""The scrapes of one target in any order of events, against a plain model."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exporter.config import Duration
from exporter.errors import Reason, WalkCrashedError
from exporter.results import ScrapeResult, Snapshot
from exporter.target import MAX_WALK_SECONDS
from exporter.target.runner import MAX_ABANDONED
from exporter.target.running_walk import HANG_MARGIN
from tests.support.outcomes import complete, failed
from tests.support.scraper_rig import STALE_AFTER, Rig, Thread


class AnyOrder(RuleBasedStateMachine):
    """Scrapes, ends of walks, faults and clock steps, compared with a model of the target."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(min_walk_interval=Duration(30))
        self.walk: Thread | None = None
        self.began = 0.0
        self.hung: list[Thread] = []
        self.last_success: Snapshot | None = None
        self.success_began: float | None = None
        self.first_failure_began: float | None = None
        self.last_failure: Reason | None = None
        self.crashed = False
        self.ended = False
        self.refused_until = 0.0

    @property
    def is_walking(self) -> bool:
        """Whether a walk is running."""
        return self.walk is not None

    @property
    def now(self) -> float:
        """Monotonic time."""
        return self.rig.world.monotonic()

    @rule()
    def scrape(self) -> None:
        """Scrape, and compare the result with the model."""
        self.model_hang()
        started, had_threads = self.rig.walks.started, self.rig.walks.has_threads
        is_refused = self.now < self.refused_until
        is_due = not self.is_walking and len(self.hung) < MAX_ABANDONED
        is_due = is_due and (self.success_began is None or self.now - self.success_began >= 30)
        if is_due and not is_refused:
            self.model_start(has_thread=had_threads)

        result = self.result_of_scrape()

        assert self.rig.walks.started - started == (is_due and not is_refused and had_threads)
        if self.rig.walks.started > started:
            self.walk = self.rig.walks.pending.pop()
        if result is not None:
            self.expect(result, deferred=is_due and is_refused)

    def result_of_scrape(self) -> ScrapeResult | None:
        """Scrape; return `None` if the last walk crashed and the scrape raises."""
        if not self.crashed:
            return self.rig.scrape()
        with pytest.raises(WalkCrashedError):
            self.rig.scrape()
        return None

    def expect(self, result: ScrapeResult, *, deferred: bool) -> None:
        """Compare a result with the model."""
        assert result.deferred == deferred
        assert result.snapshot is self.servable(self.now)
        assert result.up == (self.ended and self.last_failure is None)
        assert result.last_success == (self.last_success.completed_at if self.last_success else None)
        if self.ended:
            assert result.failure == self.last_failure
        else:
            assert result.failure == (Reason.RATE_LIMITED if result.deferred else Reason.TIMEOUT)

    def model_hang(self) -> None:
        """Abandon the model's walk if it has hung."""
        if self.walk is not None and self.now - self.began > MAX_WALK_SECONDS + HANG_MARGIN:
            self.hung.append(self.walk)
            self.model_failure(Reason.TIMEOUT)

    def model_start(self, *, has_thread: bool) -> None:
        """Start the model's walk; without a thread it fails at once."""
        self.began = self.now
        if not has_thread:
            self.model_failure(Reason.TIMEOUT)

    def model_failure(self, reason: Reason | None) -> None:
        """Let the model's walk fail, or crash if there is no reason."""
        if self.first_failure_began is None:
            self.first_failure_began = self.began
        self.walk, self.crashed = None, reason is None
        if reason is not None:
            self.last_failure, self.ended = reason, True

    @rule(seconds=st.sampled_from([0.5, 5.0, 29.0, 31.0, 299.0, 301.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.rig.world.sleep(seconds)

    @rule(hours=st.sampled_from([-48, -1, 1, 48]))
    def step_clock(self, hours: int) -> None:
        """Step the machine's clock, which may delay nothing."""
        self.rig.clock.ahead += 3600 * hours

    @rule(has_threads=st.booleans())
    def limit_threads(self, has_threads: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let the system allow threads or not."""
        self.rig.walks.has_threads = has_threads

    @precondition(lambda self: self.is_walking)
    @rule(seconds=st.sampled_from([0.1, 50.0]))
    def succeed(self, seconds: float) -> None:
        """Let the running walk be complete."""
        assert self.walk
        outcome = complete(self.rig.clock.now(), seconds=seconds)
        self.rig.walks.end_thread(self.walk, outcome)
        self.last_success, self.success_began = outcome.snapshot, self.began
        self.first_failure_began, self.last_failure, self.ended = None, None, True
        self.walk, self.crashed = None, False

    @precondition(lambda self: self.is_walking)
    @rule(reason=st.sampled_from(Reason))
    def fail(self, reason: Reason) -> None:
        """Let the running walk fail."""
        assert self.walk
        self.rig.walks.end_thread(self.walk, failed(reason))
        self.model_failure(reason)

    @precondition(lambda self: self.is_walking)
    @rule(error=st.sampled_from([ZeroDivisionError, MemoryError, RecursionError, SystemExit]))
    def crash(self, error: type[BaseException]) -> None:
        """Let an unexpected exception end the running walk."""
        assert self.walk
        self.rig.walks.end_thread(self.walk, error())
        self.model_failure(None)

    @precondition(lambda self: self.hung)
    @rule(is_complete=st.booleans())
    def end_late(self, is_complete: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let an abandoned walk end: its result is dropped."""
        before = self.rig.scraper.last_result()
        late = complete(self.rig.clock.now()) if is_complete else ZeroDivisionError()
        self.rig.walks.end_thread(self.hung.pop(), late)

        assert self.rig.scraper.last_result() == before

    @rule(seconds=st.integers(1, 600))
    def refuse(self, seconds: int) -> None:
        """Let the API refuse requests for some seconds."""
        self.rig.budget.observe(429, {"Retry-After": str(seconds)})
        self.refused_until = max(self.refused_until, self.rig.world.now() + seconds)

    @rule(hung_end=st.booleans())
    def stop_faults(self, hung_end: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let every fault stop: after two walks at most, the target has a new snapshot.

        Hung walks may continue to hang if there are fewer than `MAX_ABANDONED`.
        """
        self.rig.walks.has_threads = True
        while self.hung and (hung_end or len(self.hung) + self.is_walking >= MAX_ABANDONED):
            self.end_late(is_complete=False)
        self.wait(4000.0)
        before = self.last_success
        for _ in range(2):
            self.scrape()
            if self.is_walking:
                self.succeed(1.0)
        result = self.rig.scraper.last_result()

        assert result.up
        assert result.snapshot is self.last_success is not before

    @invariant()
    def the_last_result_is_what_a_scrape_would_return(self) -> None:
        """Check that `last_result` returns the servable snapshot and starts no walk."""
        started = self.rig.walks.started

        assert self.rig.scraper.last_result().snapshot is self.servable(self.now)
        assert self.rig.walks.started == started

    def servable(self, now: float) -> Snapshot | None:
        """Return the snapshot that the model serves."""
        since = self.first_failure_began
        return self.last_success if since is None or now - since < STALE_AFTER else None


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_order = AnyOrder.TestCase
