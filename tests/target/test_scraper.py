"""The scrapes of one target: shared walks, deadlines, hung walks, crashes and limits of the system."""

import threading
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from traceback import walk_tb
from typing import NoReturn

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Count, Duration
from exporter.errors import ApiError, Reason, WalkCrashedError
from exporter.results import Outage
from exporter.target import MAX_WALK_SECONDS, Scraper, WalkOutcome
from exporter.target.runner import MAX_ABANDONED
from exporter.target.running_walk import HANG_MARGIN, RunningWalk
from tests.support.outcomes import complete, failed
from tests.support.scraper_rig import STALE_AFTER, Rig
from tests.support.serving import wait_until
from tests.support.targets import target
from tests.support.threadless import no_threads


def test_with_a_stale_after_of_zero_a_failed_walk_ends_the_snapshot() -> None:
    """Nothing is served while walks fail."""
    rig = Rig(stale_after=Duration(0))
    rig.succeed()

    rig.scrape()
    rig.walks.end(failed())

    assert rig.scraper.last_result().snapshot is None


def test_a_walk_requests_the_cost_of_the_last_complete_walk() -> None:
    """A failed walk says nothing about the cost of the next one."""
    rig = Rig()
    rig.scrape()
    rig.walks.end(complete(requests=40))
    rig.scrape()
    rig.walks.end(failed())
    headers = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "39", "X-RateLimit-Reset": "0"}
    rig.budget.observe(200, headers)

    result = rig.scrape()

    assert result.deferred
    assert rig.walks.started == 2


def test_a_result_has_the_interval_of_walks() -> None:
    """The longer one of the configured interval and the pace of walks as large as the last complete one."""
    rig = Rig(min_walk_interval=Duration(30))
    free = Rig()
    configured = rig.scraper.last_result().walk_interval
    rig.scrape()
    rig.walks.end(complete(requests=40))
    rig.budget.observe(
        200, {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "20", "X-RateLimit-Reset": "0"}
    )
    paced = [result.walk_interval for result in (rig.scraper.last_result(), rig.scrape())]

    assert free.scrape().walk_interval == 0
    assert configured == 30
    assert paced == [rig.budget.pace(40)] * 2
    assert rig.budget.pace(40) > 30


def test_a_result_has_the_quota_of_backups_even_before_the_first_walk() -> None:
    """It is configured: an outage does not change it."""
    rig = Rig(max_backups=Count(50))

    assert rig.scrape().max_backups == rig.scraper.last_result().max_backups == 50
    assert Rig().scrape().max_backups is None


def test_a_status_needs_no_walk_and_follows_the_wall_clock() -> None:
    """It has the result that a scrape would return, the last snapshot however old, and the outage."""
    rig = Rig()
    outcome = rig.succeed()
    rig.scrape()
    rig.walks.end(failed(Reason.AUTH, request_id="r-1"))
    rig.world.sleep(STALE_AFTER)
    rig.clock.ahead = 3600.0
    status = rig.scraper.status()

    assert rig.walks.started == 2
    assert status.result == rig.scraper.last_result()
    assert status.result.snapshot is None
    assert status.snapshot is outcome.snapshot
    assert status.outage == Outage(rig.clock.now() - STALE_AFTER, Reason.AUTH, "no luck", "r-1")


class ReadClock(Clock):
    """The machine's clock; records which threads read it."""

    def __init__(self) -> None:
        self._readers: set[str] = set()

    def monotonic(self) -> float:
        """Return monotonic time."""
        self._readers.add(threading.current_thread().name)
        return super().monotonic()

    def read_by(self, prefix: str) -> set[str]:
        """Return the threads that read the clock and whose names have this prefix."""
        return {name for name in self._readers.copy() if name.startswith(prefix)}


class TestThreads:
    """Scrapes with real threads and real time."""

    @pytest.fixture
    def ending(self) -> threading.Event:
        """Return the event that walks wait for before they end."""
        return threading.Event()

    @pytest.fixture
    def walks(self) -> list[float]:
        """Return the time limits of the walks that have started."""
        return []

    @pytest.fixture
    def clock(self) -> "ReadClock":
        """Return the clock that scrapes read."""
        return ReadClock()

    @pytest.fixture
    def scraper(self, clock: "ReadClock", ending: threading.Event, walks: list[float]) -> Scraper:
        """Return a scraper whose walks end after `ending` is set."""

        def walk(seconds: float, _reserved: int, _running: RunningWalk) -> WalkOutcome:
            walks.append(seconds)
            assert ending.wait(30)
            return complete(clock.now())

        return Scraper(target(), walk, Budget(clock=clock), structlog.get_logger(), clock=clock)

    def test_concurrent_scrapes_share_one_walk(
        self, scraper: Scraper, clock: "ReadClock", ending: threading.Event, walks: list[float]
    ) -> None:
        """Fifty scrapes start one walk, and all return its result."""
        with ThreadPoolExecutor(50, "scraper") as pool:
            results = [pool.submit(scraper.scrape, 30) for _ in range(50)]
            wait_until(lambda: len(clock.read_by("scraper")) == 50)
            ending.set()  # the walk's end needs the lock, which each scrape holds until it waits
            snapshots = {id(result.result().snapshot) for result in results}

        assert len(walks) == 1
        assert len(snapshots) == 1
        assert all(result.result().up for result in results)

    def test_a_scrape_returns_at_its_deadline_and_the_walk_continues(
        self, scraper: Scraper, ending: threading.Event, walks: list[float]
    ) -> None:
        """The next scrape returns the result of that walk."""
        early = scraper.scrape(0.01)
        ending.set()
        late = scraper.scrape(30)

        assert (early.up, early.failure, early.snapshot) == (False, Reason.TIMEOUT, None)
        assert late.up
        assert len(walks) <= 2

    def test_closing_ends_waiting_scrapes(self, scraper: Scraper, ending: threading.Event) -> None:
        """When the server stops, no scrape waits for its walk."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(scraper.scrape, 30)
            scraper.close()
            result = waiting.result(timeout=60)
        ending.set()

        assert result.failure is Reason.TIMEOUT


def test_a_scrape_too_short_for_the_walk_returns_at_once() -> None:
    """If the last walk would have missed the deadline, the snapshot is returned and the walk continues."""
    rig = Rig()
    outcome = rig.succeed(seconds=50)

    result = rig.scraper.scrape(20)  # the walk never ends: a scrape that waits for it would fail as `timeout`

    assert result.snapshot is outcome.snapshot
    assert len(rig.walks.pending) == 1


def test_a_crash_is_logged_once_and_the_next_scrape_starts_a_walk() -> None:
    """Scrapes raise until a walk ends: the snapshot does not hide a bug."""
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
    result = rig.scrape()

    assert not shown.up
    assert result.up
    assert logs == [
        {
            "event": "unexpected error while walking the API: scrapes return HTTP 500 until the next walk",
            "exc_info": bug,
            "log_level": "error",
        }
    ]


def test_an_api_error_that_a_walker_raises_is_a_crash() -> None:
    """A walker returns the API's errors; one that it raises is a bug, not a failure of the API."""
    rig = Rig()
    rig.scrape()
    rig.walks.end(ApiError(Reason.AUTH, "raised by mistake"))

    with pytest.raises(WalkCrashedError):
        rig.scrape()


def test_each_scrape_after_a_crash_raises_its_own_exception() -> None:
    """Raised again, the walk's exception would grow its traceback with each scrape."""
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


def test_a_walk_without_a_thread_fails_and_the_next_scrape_starts_another() -> None:
    """The snapshot is served meanwhile, and the log names the cause."""
    rig = Rig()
    outcome = rig.succeed()
    rig.walks.has_threads = False
    with capture_logs() as logs:
        results = [rig.scrape(), rig.scrape()]
    rig.walks.has_threads = True
    rig.succeed()

    assert {(result.up, result.failure, result.snapshot) for result in results} == {
        (False, Reason.TIMEOUT, outcome.snapshot)
    }
    assert [line["event"] for line in logs] == [
        "cannot read the backup list: cannot start a thread: can't start new thread"
    ]
    assert rig.scrape().up


def test_a_walk_that_hangs_fails_as_timeout_and_the_next_scrape_starts_another() -> None:
    """The target recovers while the thread still hangs, and drops its late result."""
    rig = Rig()
    rig.succeed()
    late = rig.hang()
    result = rig.scrape()
    fresh = complete(rig.world.now())
    rig.walks.end(fresh)
    rig.walks.end_thread(late, complete(0.0))

    assert (result.up, result.failure) == (False, Reason.TIMEOUT)
    assert result.last_walk is not None
    assert result.last_walk.seconds == MAX_WALK_SECONDS + HANG_MARGIN + 1
    assert rig.scraper.last_result().snapshot is fresh.snapshot


def test_only_a_few_threads_may_hang() -> None:
    """With `MAX_ABANDONED` of them, no walk starts until one ends."""
    rig = Rig()
    hung = [rig.hang() for _ in range(MAX_ABANDONED)]
    stuck = [rig.scrape() for _ in range(3)]
    started = rig.walks.started
    rig.walks.end_thread(hung.pop(), ZeroDivisionError())
    rig.succeed()

    assert {(result.failure, result.deferred) for result in stuck} == {(Reason.TIMEOUT, False)}
    assert started == MAX_ABANDONED
    assert rig.scraper.last_result().up


def test_a_waiting_scrape_returns_when_its_walk_is_abandoned() -> None:
    """Another scrape finds that the walk has hung."""
    rig = Rig()
    begun = threading.Event()
    scraper = Scraper(
        target(), rig.walks, rig.budget, structlog.get_logger(), clock=rig.clock, spawn=lambda _: begun.set()
    )
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(scraper.scrape, 60)
        assert begun.wait(30)
        scraper.last_result()  # gets the lock only once the other scrape waits
        rig.world.sleep(MAX_WALK_SECONDS + HANG_MARGIN + 1)
        scraper.scrape(0)
        result = waiting.result(30)

    assert result.failure is Reason.TIMEOUT
    assert result.last_walk is not None


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
def test_a_clock_step_neither_delays_a_walk_nor_ends_a_snapshot(hours: int) -> None:
    """The real-time clock may be wrong at boot until NTP corrects it."""
    rig = Rig(min_walk_interval=Duration(30))
    outcome = rig.succeed()
    rig.world.sleep(29)
    rig.clock.ahead = 3600.0 * hours
    rig.scrape()
    early = rig.walks.started
    rig.world.sleep(1)
    rig.scrape()
    due = rig.walks.started
    rig.clock.ahead = 0.0
    rig.walks.end(failed())
    rig.clock.ahead = 3600.0 * hours
    young = rig.scraper.last_result().snapshot
    rig.world.sleep(STALE_AFTER)

    assert (early, due) == (1, 2)
    assert young is outcome.snapshot
    assert rig.scraper.last_result().snapshot is None


def test_a_log_that_raises_blocks_no_scrape() -> None:
    """The state changes before a log line is written."""
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

    assert rig.walks.started == 3
    assert len(rig.walks.pending) == 1


def full_disk(*_: object) -> NoReturn:
    """Fail as a write to a full disk does."""
    raise OSError(ENOSPC, "disk full")


def test_a_walk_succeeds_once_the_system_allows_threads_again() -> None:
    """The walk that gets no thread fails."""
    clock = Clock()

    def walk(_seconds: float, _reserved: int, _running: RunningWalk) -> WalkOutcome:
        return complete(clock.now())

    scraper = Scraper(target(), walk, Budget(clock=clock), structlog.get_logger(), clock=clock)
    with no_threads():
        refused = scraper.scrape(30)
    result = scraper.scrape(30)

    assert (refused.up, refused.failure) == (False, Reason.TIMEOUT)
    assert result.up


def test_its_repr_names_target_and_state() -> None:
    """It is for debuggers, and holds no secret."""
    rig = Rig()
    before = repr(rig.scraper)
    rig.succeed()

    assert before == "Scraper('default', TargetState(NeverWalked), WalkRunner(running=None, abandoned=0))"
    assert "TargetState(Current)" in repr(rig.scraper)


def test_a_scrape_whose_client_has_left_returns_when_woken() -> None:
    """It does not wait for its deadline."""
    rig = Rig()
    has_left = threading.Event()
    is_waiting = threading.Event()

    def client_left() -> bool:
        is_waiting.set()
        return has_left.is_set()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(rig.scraper.scrape, 600, client_left)
        assert is_waiting.wait(30)
        has_left.set()
        rig.scraper.wake()
        result = waiting.result(30)

    assert result.failure is Reason.TIMEOUT
