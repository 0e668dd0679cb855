"""The scrapes of one target: shared walks, deadlines, snapshots, and what is never served."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from traceback import walk_tb
from typing import NoReturn, Unpack

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.schema import Duration
from exporter.errors import ApiError, Reason, WalkCrashedError
from exporter.results import ScrapeResult, Snapshot, Summary, WalkStats
from exporter.target.running_walk import MOST_ABANDONED, OVERDUE, RunningWalk
from exporter.target.scraper import LONGEST_WALK, Scraper
from exporter.target.walk import WalkOutcome
from tests.support.serving import wait_until
from tests.support.targets import TargetSettings, target
from tests.support.threadless import no_threads
from tests.support.world import World

STALE_AFTER = 300.0


def complete(at: float, seconds: float = 1.0) -> WalkOutcome:
    """Make the outcome of a walk that ended well."""
    summary = Summary(groups=(), backups=0, unknown_statuses=(), largest_size=None)
    snapshot = Snapshot(summary=summary, duplicates=0, malformed=0, reported=None, completed_at=at)
    return WalkOutcome(WalkStats(seconds=seconds, pages=1, requests=1), result=snapshot)


def failed(reason: Reason = Reason.SERVER_ERROR, seconds: float = 1.0, **facts: object) -> WalkOutcome:
    """Make the outcome of a walk that failed."""
    error = ApiError(reason, "no luck", **facts)  # type: ignore[arg-type]
    return WalkOutcome(WalkStats(seconds=seconds, pages=0, requests=1), result=error)


class Walks:
    """A target's walk whose ends a test decides: `spawn` keeps them, `end` lets the one under way end."""

    def __init__(self) -> None:
        self.pending: list[Callable[[], None]] = []
        self.outcome: WalkOutcome | BaseException = failed()
        self.begun = 0
        self.has_threads = True

    def __call__(self, seconds: float, next_walk: int = 1, running: RunningWalk | None = None) -> WalkOutcome:  # noqa: ARG002 - the protocol's
        """End as the test says."""
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def spawn(self, work: Callable[[], None]) -> None:
        """Keep the walk for later, or raise what Python raises where the system gives no thread."""
        if not self.has_threads:
            raise RuntimeError("can't start new thread")
        self.begun += 1
        self.pending.append(work)

    def end(self, outcome: WalkOutcome | BaseException) -> None:
        """Let the walk under way end."""
        self.end_one(self.pending.pop(), outcome)

    def end_one(self, work: Callable[[], None], outcome: WalkOutcome | BaseException) -> None:
        """Let this walk end."""
        self.outcome = outcome
        work()


class Stepped(Clock):
    """A machine's clock over a world's time: what it shows steps, its monotonic time does not."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = 0.0

    def now(self) -> float:
        """Return Unix time, as wrong as a test made it."""
        return self._world.now() + self.ahead

    def monotonic(self) -> float:
        """Return the time that passed."""
        return self._world.monotonic()


class Rig:
    """A scraper over walks that a test ends, by a clock that it turns."""

    def __init__(self, **settings: Unpack[TargetSettings]) -> None:
        fields: TargetSettings = {"stale_after": Duration(STALE_AFTER), **settings}
        self.world = World()
        self.clock = Stepped(self.world)
        self.walks = Walks()
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
        """Let a walk begin and end well; return how."""
        self.scrape()
        outcome = complete(self.world.now(), seconds)
        self.walks.end(outcome)
        return outcome

    def hang(self) -> Callable[[], None]:
        """Let a walk begin and hang until it is overdue; return what lets it end late."""
        self.scrape()
        self.world.sleep(LONGEST_WALK + OVERDUE + 1)
        return self.walks.pending.pop()


class AnyOrder(RuleBasedStateMachine):
    """Scrapes, ends of walks, faults of every kind and the clock in any order, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(min_walk_interval=Duration(30))
        self.current: Callable[[], None] | None = None
        self.began_at = 0.0
        self.hung: list[Callable[[], None]] = []
        self.last_success: Snapshot | None = None
        self.success_began_at = float("-inf")
        self.first_failure_began_at: float | None = None
        self.last_failure: Reason | None = None
        self.crashed = False
        self.ended = False
        self.closed_until = 0.0

    @property
    def is_walking(self) -> bool:
        """Say whether a walk is under way."""
        return self.current is not None

    @property
    def now(self) -> float:
        """Monotonic time."""
        return self.rig.world.monotonic()

    @rule()
    def scrape(self) -> None:
        """Scrape, and hold the answer against the model."""
        self.expect_overdue()
        begun, had_threads = self.rig.walks.begun, self.rig.walks.has_threads
        is_closed = self.now < self.closed_until
        wants = not self.is_walking and len(self.hung) < MOST_ABANDONED
        wants = wants and self.now - self.success_began_at >= 30
        if wants and not is_closed:
            self.expect_walk(begins=had_threads)

        answer = self.answered()

        assert self.rig.walks.begun - begun == (wants and not is_closed and had_threads)
        if self.rig.walks.begun > begun:
            self.current = self.rig.walks.pending.pop()
        if answer is not None:
            self.expect(answer, deferred=wants and is_closed)

    def answered(self) -> ScrapeResult | None:
        """Scrape; return `None` where the last walk crashed and the scrape says so."""
        if not self.crashed:
            return self.rig.scrape()
        with pytest.raises(WalkCrashedError):
            self.rig.scrape()
        return None

    def expect(self, answer: ScrapeResult, *, deferred: bool) -> None:
        """Hold an answer against the model."""
        assert answer.deferred == deferred
        assert answer.snapshot is self.servable(self.now)
        assert answer.up == (self.ended and self.last_failure is None)
        assert answer.last_success == (self.last_success.completed_at if self.last_success else None)
        if self.ended:
            assert answer.failure == self.last_failure
        else:
            assert answer.failure == (Reason.RATE_LIMITED if answer.deferred else Reason.TIMEOUT)

    def expect_overdue(self) -> None:
        """End the model's walk where it hangs."""
        if self.current is not None and self.now - self.began_at > LONGEST_WALK + OVERDUE:
            self.hung.append(self.current)
            self.expect_failure(Reason.TIMEOUT)

    def expect_walk(self, *, begins: bool) -> None:
        """Let the model's walk begin, or fail at once where it gets no thread."""
        self.began_at = self.now
        if not begins:
            self.expect_failure(Reason.TIMEOUT)

    def expect_failure(self, reason: Reason | None) -> None:
        """Let the model's walk fail; without a reason, it crashed."""
        if self.first_failure_began_at is None:
            self.first_failure_began_at = self.began_at
        self.current, self.crashed = None, reason is None
        if reason is not None:
            self.last_failure, self.ended = reason, True

    @rule(seconds=st.sampled_from([0.5, 5.0, 29.0, 31.0, 299.0, 301.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.rig.world.sleep(seconds)

    @rule(hours=st.sampled_from([-48, -1, 1, 48]))
    def step_clock(self, hours: int) -> None:
        """Set the machine's clock: no due and no wait may depend on it."""
        self.rig.clock.ahead += 3600 * hours

    @rule(has_threads=st.booleans())
    def limit_threads(self, has_threads: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let threads be had, or not."""
        self.rig.walks.has_threads = has_threads

    @precondition(lambda self: self.is_walking)
    @rule(seconds=st.sampled_from([0.1, 50.0]))
    def end_well(self, seconds: float) -> None:
        """Let the walk under way be complete."""
        assert self.current
        outcome = complete(self.rig.clock.now(), seconds)
        self.rig.walks.end_one(self.current, outcome)
        self.last_success, self.success_began_at = outcome.snapshot, self.began_at
        self.first_failure_began_at, self.last_failure, self.ended = None, None, True
        self.current, self.crashed = None, False

    @precondition(lambda self: self.is_walking)
    @rule(reason=st.sampled_from(Reason))
    def fail(self, reason: Reason) -> None:
        """Let the walk under way fail."""
        assert self.current
        self.rig.walks.end_one(self.current, failed(reason))
        self.expect_failure(reason)

    @precondition(lambda self: self.is_walking)
    @rule(error=st.sampled_from([ZeroDivisionError, MemoryError, RecursionError, SystemExit]))
    def crash(self, error: type[BaseException]) -> None:
        """Let an unexpected exception end the walk under way."""
        assert self.current
        self.rig.walks.end_one(self.current, error())
        self.expect_failure(None)

    @precondition(lambda self: self.hung)
    @rule(ends_well=st.booleans())
    def end_late(self, ends_well: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let an abandoned walk end after all: nobody wants its result any more."""
        before = self.rig.scraper.last_result()
        late = complete(self.rig.clock.now()) if ends_well else ZeroDivisionError()
        self.rig.walks.end_one(self.hung.pop(), late)

        assert self.rig.scraper.last_result() == before

    @rule(seconds=st.integers(1, 600))
    def refuse(self, seconds: int) -> None:
        """Let the API ask to be left alone."""
        self.rig.budget.observe(429, {"Retry-After": str(seconds)})
        self.closed_until = max(self.closed_until, self.rig.world.now() + seconds)

    @rule(hung_end=st.booleans())
    def stop_faults(self, hung_end: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Let every fault stop: two walks later at most, a scrape has a fresh and complete snapshot.

        Walks that hang may go on hanging, as long as they are not the most that may.
        """
        self.rig.walks.has_threads = True
        while self.hung and (hung_end or len(self.hung) + self.is_walking >= MOST_ABANDONED):
            self.end_late(ends_well=False)
        self.wait(4000.0)
        before = self.last_success
        for _ in range(2):
            self.scrape()
            if self.is_walking:
                self.end_well(1.0)
        answer = self.rig.scraper.last_result()

        assert answer.up
        assert answer.snapshot is self.last_success is not before

    @invariant()
    def a_look_walks_nothing_and_sees_the_same(self) -> None:
        """Hold that the landing page shows what a scrape would serve, without a walk."""
        begun = self.rig.walks.begun

        assert self.rig.scraper.last_result().snapshot is self.servable(self.now)
        assert self.rig.walks.begun == begun

    def servable(self, now: float) -> Snapshot | None:
        """Say by the model what may be served."""
        since = self.first_failure_began_at
        return self.last_success if since is None or now - since < STALE_AFTER else None


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_order = AnyOrder.TestCase


def test_a_stale_after_of_zero_lets_no_snapshot_stand_in() -> None:
    """With 0, a failed walk leaves nothing to serve."""
    rig = Rig(stale_after=Duration(0))
    rig.succeed()

    rig.scrape()
    rig.walks.end(failed())

    assert rig.scraper.last_result().snapshot is None


def test_a_failed_walk_costs_the_next_one_no_estimate() -> None:
    """The budget is asked for what the last complete walk took, not for what a failed one came to."""
    rig = Rig()
    rig.scrape()
    rig.walks.end(WalkOutcome(WalkStats(1.0, 40, 40), result=complete(0.0).result))
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

    def monotonic(self) -> float:
        """Return a time that never steps."""
        self._asked.add(threading.current_thread().name)
        return super().monotonic()

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

        def walk(seconds: float, next_walk: int = 1, running: RunningWalk | None = None) -> WalkOutcome:  # noqa: ARG001 - the protocol's
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


def test_a_crash_is_logged_once_and_the_next_scrape_walks() -> None:
    """An unexpected exception is neither hidden by the snapshot nor shown as a failure of the API."""
    rig = Rig()
    rig.succeed()
    rig.scrape()
    bug = ZeroDivisionError()
    with capture_logs() as logs:
        rig.walks.end(bug)
        with pytest.raises(WalkCrashedError):
            rig.scrape()
        with pytest.raises(WalkCrashedError):
            rig.scrape()
    shown = rig.scraper.last_result()
    rig.walks.end(complete(rig.world.now()))
    answer = rig.scrape()

    assert not shown.up
    assert answer.up
    assert logs == [
        {"event": "unexpected error while walking the API", "exc_info": bug, "log_level": "error"}
    ]


def test_a_crash_is_not_raised_again_by_each_scrape() -> None:
    """Each scrape raises an exception of its own: the walk's own would grow its traceback with each."""
    rig = Rig()
    rig.scrape()
    bug = ZeroDivisionError()
    rig.walks.end(bug)
    raised, lengths = [], []
    for _ in range(3):
        with pytest.raises(WalkCrashedError) as caught:
            rig.scrape()
        raised.append(caught.value)
        lengths.append(
            (len(list(walk_tb(bug.__traceback__))), len(list(walk_tb(caught.value.__traceback__))))
        )

    assert len(set(map(id, raised))) == 3
    assert len(set(lengths)) == 1
    assert all(error.__cause__ is error.__context__ is None for error in raised)


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


def test_recovery_from_a_crash_is_logged() -> None:
    """A crash is news, and so is the walk that succeeds after it."""
    rig = Rig()
    with capture_logs() as logs:
        rig.succeed()
        rig.scrape()
        rig.walks.end(ZeroDivisionError())
        with pytest.raises(WalkCrashedError):
            rig.scrape()
        rig.walks.end(complete(rig.world.now()))

    assert [line["event"] for line in logs] == [
        "walks succeed",
        "unexpected error while walking the API",
        "walks succeed",
    ]


def test_a_walk_without_a_thread_fails_and_the_next_scrape_tries_again() -> None:
    """A limit of processes costs the walks that it prevents, and says so; the snapshot stands in."""
    rig = Rig()
    outcome = rig.succeed()
    rig.walks.has_threads = False
    with capture_logs() as logs:
        answers = [rig.scrape(), rig.scrape()]
    rig.walks.has_threads = True
    rig.succeed()

    assert {(answer.up, answer.failure, answer.snapshot) for answer in answers} == {
        (False, Reason.TIMEOUT, outcome.snapshot)
    }
    assert [(line["event"], line["message"]) for line in logs] == [
        ("walks fail", "cannot start a thread for the walk: can't start new thread")
    ]
    assert rig.scrape().up


def test_a_walk_that_hangs_ends_as_timeout_and_the_next_scrape_walks() -> None:
    """The target recovers without its thread, whose late result is dropped."""
    rig = Rig()
    rig.succeed()
    late = rig.hang()
    answer = rig.scrape()
    fresh = complete(rig.world.now())
    rig.walks.end(fresh)
    rig.walks.end_one(late, complete(0.0))

    assert (answer.up, answer.failure) == (False, Reason.TIMEOUT)
    assert answer.last_walk is not None
    assert answer.last_walk.seconds == LONGEST_WALK + OVERDUE + 1
    assert rig.scraper.last_result().snapshot is fresh.snapshot


def test_threads_that_hang_do_not_pile_up() -> None:
    """After the most that may hang, no walk begins until one of them ends."""
    rig = Rig()
    hung = [rig.hang() for _ in range(MOST_ABANDONED)]
    stuck = [rig.scrape() for _ in range(3)]
    begun = rig.walks.begun
    rig.walks.end_one(hung.pop(), ZeroDivisionError())
    rig.succeed()

    assert {(answer.failure, answer.deferred) for answer in stuck} == {(Reason.TIMEOUT, False)}
    assert begun == MOST_ABANDONED
    assert rig.scraper.last_result().up


def test_those_who_wait_hear_that_their_walk_was_abandoned() -> None:
    """A scrape that waits is answered when another one finds the walk overdue."""
    rig = Rig()
    begun = threading.Event()
    scraper = Scraper(
        target(), rig.walks, rig.budget, structlog.get_logger(), clock=rig.clock, spawn=lambda _: begun.set()
    )
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(scraper.scrape, 60)
        assert begun.wait(30)
        scraper.last_result()  # has the lock only once the other one waits
        rig.world.sleep(LONGEST_WALK + OVERDUE + 1)
        scraper.scrape(0)
        answer = waiting.result(30)

    assert answer.failure is Reason.TIMEOUT
    assert answer.last_walk is not None


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
def test_a_clock_that_steps_delays_no_walk_and_ends_no_snapshot(hours: int) -> None:
    """A real-time clock that was ahead at boot, and NTP afterwards."""
    rig = Rig(min_walk_interval=Duration(30))
    outcome = rig.succeed()
    rig.world.sleep(29)
    rig.clock.ahead = 3600.0 * hours
    rig.scrape()
    early = rig.walks.begun
    rig.world.sleep(1)
    rig.scrape()
    due = rig.walks.begun
    rig.clock.ahead = 0.0
    rig.walks.end(failed())
    rig.clock.ahead = 3600.0 * hours
    young = rig.scraper.last_result().snapshot
    rig.world.sleep(STALE_AFTER)

    assert (early, due) == (1, 2)
    assert young is outcome.snapshot
    assert rig.scraper.last_result().snapshot is None


def test_a_log_that_raises_wedges_nothing() -> None:
    """The state changes before any thread writes a log line."""
    rig = Rig()
    log = structlog.wrap_logger(None, processors=[full_disk])
    scraper = Scraper(target(), rig.walks, rig.budget, log, clock=rig.clock, spawn=rig.walks.spawn)
    scraper.scrape(0)
    with pytest.raises(OSError, match="disk full"):
        rig.walks.end(complete(1.0))
    scraper.scrape(0)
    with pytest.raises(OSError, match="disk full"):
        rig.walks.end(ZeroDivisionError())
    with pytest.raises(WalkCrashedError):
        scraper.scrape(0)

    assert rig.walks.begun == 3
    assert len(rig.walks.pending) == 1


def full_disk(*_: object) -> NoReturn:
    """Fail as a write to a full disk does."""
    raise OSError(ENOSPC, "disk full")


def test_a_real_limit_of_threads_and_its_end() -> None:
    """The walk that gets no thread fails; the one after it succeeds."""
    clock = Clock()

    def walk(seconds: float, next_walk: int = 1, running: RunningWalk | None = None) -> WalkOutcome:  # noqa: ARG001 - the protocol's
        return complete(clock.now())

    scraper = Scraper(target(), walk, Budget(clock=clock), structlog.get_logger(), clock=clock)
    with no_threads():
        refused = scraper.scrape(30)
    answer = scraper.scrape(30)

    assert (refused.up, refused.failure) == (False, Reason.TIMEOUT)
    assert answer.up
