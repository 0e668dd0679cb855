"""The scrapes of one target: shared walks, deadlines, snapshots, and what is never served."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs

from exporter.budget import Budget
from exporter.clock import Clock
from exporter.config import Duration, Target
from exporter.credentials import Secret
from exporter.errors import ApiError, Reason
from exporter.model import Answer, Snapshot, Summary, WalkStats
from exporter.scrape import Scraper
from exporter.target_walk import Outcome
from tests.serving import wait_until
from tests.world import World

STALE_AFTER = 300.0


def target(**fields: object) -> Target:
    """Make a target."""
    return Target(name="default", api_key=Secret("id:secret"), **fields)  # type: ignore[arg-type]


def complete(at: float, seconds: float = 1.0) -> Outcome:
    """Make the outcome of a walk that ended well."""
    summary = Summary(groups=(), backups=0, unknown_statuses=(), largest_size=None)
    snapshot = Snapshot(summary=summary, duplicates=0, malformed=0, reported=None, completed_at=at)
    return Outcome(WalkStats(seconds=seconds, pages=1, requests=1), result=snapshot)


def failed(reason: Reason = Reason.SERVER_ERROR, seconds: float = 1.0, **facts: object) -> Outcome:
    """Make the outcome of a walk that failed."""
    error = ApiError(reason, "no luck", **facts)  # type: ignore[arg-type]
    return Outcome(WalkStats(seconds=seconds, pages=0, requests=1), result=error)


class Walks:
    """A target's walk whose ends a test decides: `spawn` keeps them, `end` lets the one under way end."""

    def __init__(self) -> None:
        self.pending: list[Callable[[], None]] = []
        self.outcome: Outcome | Exception = failed()
        self.begun = 0

    def __call__(self, seconds: float, next_walk: int = 1) -> Outcome:  # noqa: ARG002 - the protocol's
        """End as the test says."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def spawn(self, work: Callable[[], None]) -> None:
        """Keep the walk for later."""
        self.begun += 1
        self.pending.append(work)

    def end(self, outcome: Outcome | Exception) -> None:
        """Let the walk under way end."""
        self.outcome = outcome
        self.pending.pop()()


class Rig:
    """A scraper over walks that a test ends, by a clock that it turns."""

    def __init__(self, **fields: object) -> None:
        self.world = World()
        self.walks = Walks()
        self.budget = Budget(clock=self.world)
        self.scraper = Scraper(
            target(stale_after=Duration(STALE_AFTER), **fields),
            self.walks,
            self.budget,
            structlog.get_logger(),
            clock=self.world,
            spawn=self.walks.spawn,
        )

    def scrape(self) -> Answer:
        """Scrape without waiting for a walk."""
        return self.scraper.scrape(0)

    def succeed(self, seconds: float = 1.0) -> Outcome:
        """Let a walk begin and end well; return how."""
        self.scrape()
        outcome = complete(self.world.now(), seconds)
        self.walks.end(outcome)
        return outcome


class AnyOrder(RuleBasedStateMachine):
    """Scrapes, ends of walks, failures, refusals and the clock in any order, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(min_walk_interval=Duration(30))
        self.began_at = 0.0
        self.last_success: Snapshot | None = None
        self.success_began_at = float("-inf")
        self.first_failure_began_at: float | None = None
        self.last_failure: Reason | None = None
        self.ended = False
        self.closed_until = 0.0

    @property
    def is_walking(self) -> bool:
        """Say whether a walk is under way."""
        return bool(self.rig.walks.pending)

    @rule()
    def scrape(self) -> None:
        """Scrape, and hold the answer against the model."""
        was_walking, begun, now = self.is_walking, self.rig.walks.begun, self.rig.world.now()

        answer = self.rig.scrape()

        began = self.rig.walks.begun - begun
        self.began_at = now if began else self.began_at
        is_fresh = self.last_failure is None and 0 <= now - self.success_began_at < 30
        is_closed = now < self.closed_until
        assert began == (not (was_walking or is_fresh or is_closed))
        assert answer.deferred == (is_closed and not was_walking and not is_fresh)
        assert answer.snapshot is self.servable(now)
        assert answer.up == (self.ended and self.last_failure is None)
        assert answer.last_success == (self.last_success.completed_at if self.last_success else None)
        if self.ended:
            assert answer.failure == self.last_failure
        else:
            assert answer.failure == (Reason.RATE_LIMITED if answer.deferred else Reason.TIMEOUT)

    @rule(seconds=st.sampled_from([0.5, 5.0, 29.0, 31.0, 299.0, 301.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.rig.world.sleep(seconds)

    @precondition(lambda self: self.is_walking)
    @rule(seconds=st.sampled_from([0.1, 50.0]))
    def end_well(self, seconds: float) -> None:
        """Let the walk under way be complete."""
        outcome = complete(self.rig.world.now(), seconds)
        self.rig.walks.end(outcome)
        self.last_success, self.success_began_at = outcome.snapshot, self.began_at
        self.first_failure_began_at, self.last_failure, self.ended = None, None, True

    @precondition(lambda self: self.is_walking)
    @rule(reason=st.sampled_from(Reason))
    def fail(self, reason: Reason) -> None:
        """Let the walk under way fail."""
        self.rig.walks.end(failed(reason))
        if self.first_failure_began_at is None:
            self.first_failure_began_at = self.began_at
        self.last_failure, self.ended = reason, True

    @rule(seconds=st.integers(1, 600))
    def refuse(self, seconds: int) -> None:
        """Let the API ask to be left alone."""
        self.rig.budget.observe(429, {"Retry-After": str(seconds)})
        self.closed_until = max(self.closed_until, self.rig.world.now() + seconds)

    @invariant()
    def never_two_walks_at_once(self) -> None:
        """One walk at a time."""
        assert len(self.rig.walks.pending) <= 1

    @invariant()
    def a_look_walks_nothing_and_sees_the_same(self) -> None:
        """Hold that the landing page shows what a scrape would serve, without a walk."""
        begun = self.rig.walks.begun

        assert self.rig.scraper.peek().snapshot is self.servable(self.rig.world.now())
        assert self.rig.walks.begun == begun

    def servable(self, now: float) -> Snapshot | None:
        """Say by the model what may be served."""
        since = self.first_failure_began_at
        return self.last_success if since is None or now - since < STALE_AFTER else None


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_order = AnyOrder.TestCase


def test_a_stale_after_of_zero_lets_no_snapshot_stand_in() -> None:
    """With 0, a failed walk leaves nothing to serve."""
    rig = Rig()
    rig.scraper = Scraper(
        target(stale_after=Duration(0)),
        rig.walks,
        rig.budget,
        structlog.get_logger(),
        clock=rig.world,
        spawn=rig.walks.spawn,
    )
    rig.succeed()

    rig.scrape()
    rig.walks.end(failed())

    assert rig.scraper.peek().snapshot is None


def test_a_failed_walk_costs_the_next_one_no_estimate() -> None:
    """The budget is asked for what the last complete walk took, not for what a failed one came to."""
    rig = Rig()
    rig.scrape()
    rig.walks.end(Outcome(WalkStats(1.0, 40, 40), result=complete(0.0).result))
    rig.scrape()
    rig.walks.end(failed())
    headers = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "39", "X-RateLimit-Reset": "0"}
    rig.budget.observe(200, headers)

    answer = rig.scrape()

    assert answer.deferred
    assert rig.walks.begun == 2


class AskedClock(Clock):
    """The machine's time, and which threads asked for it."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def now(self) -> float:
        """Return Unix time."""
        self._asked.add(threading.current_thread().name)
        return super().now()

    def asked_by(self, prefix: str) -> set[str]:
        """Return the names, with this prefix, of the threads that asked."""
        return {name for name in self._asked.copy() if name.startswith(prefix)}


class TestThreads:
    """With real threads and real time."""

    @pytest.fixture
    def ending(self) -> threading.Event:
        """Return what walks wait for."""
        return threading.Event()

    @pytest.fixture
    def walks(self) -> list[float]:
        """Return the list that each walk adds itself to."""
        return []

    @pytest.fixture
    def clock(self) -> "AskedClock":
        """Return the clock that scrapes ask."""
        return AskedClock()

    @pytest.fixture
    def scraper(self, clock: "AskedClock", ending: threading.Event, walks: list[float]) -> Scraper:
        """Return a scraper whose walks end when they are told to."""

        def walk(seconds: float, next_walk: int = 1) -> Outcome:  # noqa: ARG001 - the protocol's
            walks.append(seconds)
            assert ending.wait(30)
            return complete(clock.now())

        return Scraper(target(), walk, Budget(clock=clock), structlog.get_logger(), clock=clock)

    def test_scrapes_at_once_share_one_walk(
        self, scraper: Scraper, clock: "AskedClock", ending: threading.Event, walks: list[float]
    ) -> None:
        """Fifty scrapers cost one walk, and all get its result."""
        with ThreadPoolExecutor(50, "scraper") as pool:
            answers = [pool.submit(scraper.scrape, 30) for _ in range(50)]
            wait_until(lambda: len(clock.asked_by("scraper")) == 50)
            ending.set()  # which the walk can tell nobody before all fifty wait: they hold the lock till then
            snapshots = {id(answer.result().snapshot) for answer in answers}

        assert len(walks) == 1
        assert len(snapshots) == 1
        assert all(answer.result().up for answer in answers)

    def test_a_scrape_answers_at_its_deadline_and_the_walk_goes_on(
        self, scraper: Scraper, ending: threading.Event, walks: list[float]
    ) -> None:
        """What outlives a scrape serves the next one."""
        early = scraper.scrape(0.01)
        ending.set()
        late = scraper.scrape(30)

        assert (early.up, early.failure, early.snapshot) == (False, Reason.TIMEOUT, None)
        assert late.up
        assert len(walks) <= 2

    def test_closing_lets_every_scrape_go(self, scraper: Scraper, ending: threading.Event) -> None:
        """A stopped server's scrapes do not wait for their walk."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(scraper.scrape, 30)
            scraper.close()
            answer = waiting.result(timeout=10)
        ending.set()

        assert answer.failure is Reason.TIMEOUT


def test_a_scrape_too_short_for_the_walk_answers_at_once() -> None:
    """Where the last walk would not have met the deadline, the snapshot answers and the walk goes on."""
    rig = Rig()
    outcome = rig.succeed(seconds=50)

    answer = rig.scraper.scrape(20)  # with a walk that never ends: waiting for it would end as `timeout`

    assert answer.snapshot is outcome.snapshot
    assert len(rig.walks.pending) == 1


def test_a_bug_is_raised_to_every_scrape_until_a_walk_ends_without() -> None:
    """An unexpected exception is neither hidden by the snapshot nor shown as a failure of the API."""
    rig = Rig()
    rig.succeed()
    rig.scrape()
    bug = ZeroDivisionError()
    with capture_logs() as logs:
        rig.walks.end(bug)

    with pytest.raises(ZeroDivisionError):
        rig.scrape()
    rig.walks.end(complete(rig.world.now()))
    answer = rig.scrape()

    assert answer.up
    assert logs == [
        {"event": "the walk ended by a bug of the exporter", "exc_info": True, "log_level": "error"}
    ]


def test_an_outage_is_logged_once() -> None:
    """A line when walks begin to fail, when they fail otherwise, and when they succeed again."""
    rig = Rig()
    with capture_logs() as logs:
        for outcome in (
            complete(1.0),
            complete(2.0),
            failed(status=503, request_id="req-1"),
            failed(status=503, request_id="req-2"),
            failed(Reason.AUTH, status=401),
            complete(3.0),
        ):
            rig.scrape()
            rig.walks.end(outcome)

    assert [(line["event"], line.get("reason")) for line in logs] == [
        ("walks succeed", None),
        ("walks fail", "server_error"),
        ("walks fail", "auth"),
        ("walks succeed", None),
    ]
    assert logs[1]["request_id"] == "req-1"
    assert logs[1]["status"] == 503
