"""Faults of the system that the exporter runs on: no target dies of them. With real threads and sockets."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest
import requests
import structlog
from structlog.testing import capture_logs

from exporter.api import ApiClient, Deadlines, HttpTransport, WalkClient
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.credentials import Secret
from exporter.config.schema import Target, Url
from exporter.errors import Reason
from exporter.records import Instance
from exporter.target.instances import EVERY, InstanceList, Wait
from exporter.target.running_walk import MOST_ABANDONED, OVERDUE
from exporter.target.scraper import LONGEST_WALK, Scraper
from exporter.target.walk import TargetWalker
from tests.cli.test_main import running
from tests.support.builders import backup
from tests.support.faults import Answer, FaultyApi
from tests.support.threadless import no_threads
from tests.support.world import Silent

MOST_BACKUPS = 60


class Shifted(Clock):
    """The machine's clock, whose monotonic time a test puts forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Return the later Unix time."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return the later time."""
        return super().monotonic() + self.ahead


class Rig:
    """A target with all its parts, whose deadlines have no thread yet."""

    def __init__(self, url: str, **settings: object) -> None:
        fields = {"url": Url(url), "page_size": 20, "max_concurrency": 3} | settings
        if "api_key_file" not in fields:
            fields["api_key"] = Secret("demo:demo-secret")
        self.target = Target(name="default", **fields)  # type: ignore[arg-type]
        self.clock = Shifted()
        self.transport = HttpTransport(self.target, Deadlines())
        budget = Budget(clock=self.clock)
        api = ApiClient(self.target, budget, Silent(), self.transport, self.clock)
        log = structlog.get_logger()
        self.instances = InstanceList(api, "on", log)
        self.walk = TargetWalker(api, self.instances, (), log)
        self.scraper = Scraper(self.target, self.walk, budget, log, clock=self.clock)


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API with a few pages of backups."""
    backups = tuple(backup(number) for number in range(MOST_BACKUPS))
    with FaultyApi(backups=backups, instances=(Instance("one", name="orders-db"),)) as running:
        yield running


@pytest.fixture
def rig(api: FaultyApi) -> Iterator[Callable[..., Rig]]:
    """Return a maker of rigs on that API."""
    with ExitStack() as stack:

        def make(**settings: object) -> Rig:
            made = Rig(api.url, **settings)
            stack.callback(made.transport.close)
            return made

        yield make


def test_a_walk_whose_watchdog_gets_no_thread(rig: Callable[..., Rig]) -> None:
    """Nothing is requested without a deadline: the walk fails, and the next one is complete."""
    made = rig()
    with no_threads():
        failed = made.walk(30)
    complete = made.walk(30, patience=30)

    assert failed.error is not None
    assert failed.error.reason is Reason.TIMEOUT
    assert failed.error.message == "cannot start a thread to keep deadlines: can't start new thread"
    assert failed.stats.pages == 0
    assert failed.instances_ok is False
    assert complete.snapshot is not None
    assert complete.snapshot.summary.backups == MOST_BACKUPS
    assert complete.instances_ok is True


def test_a_walk_whose_requests_get_no_threads(rig: Callable[..., Rig]) -> None:
    """It fetches its pages one after the other, over a connection that it has, and is complete."""
    made = rig(instances="off")
    made.walk(30)
    with no_threads():
        walked = made.walk(30)

    assert walked.snapshot is not None
    assert walked.snapshot.summary.backups == MOST_BACKUPS


class Uncuttable:
    """A connection over what is no socket."""

    def __init__(self) -> None:
        self.looks: SimpleQueue[None] = SimpleQueue()

    @property
    def sock(self) -> object:
        """Note that somebody looked."""
        self.looks.put(None)
        return object()


def test_a_watchdog_outlives_what_it_cannot_cut() -> None:
    """One exchange that cannot be cut keeps no other one alive beyond its deadline."""
    deadlines, connection, over = Deadlines(), Uncuttable(), threading.Event()

    def hold() -> None:
        with deadlines.watch(0.0) as watch:
            watch.follow(connection)  # type: ignore[arg-type] # which is what is odd
            over.wait(60)

    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.callback(over.set)
        pool.submit(hold)
        for _ in range(3):  # one look to follow it, the others to cut it
            connection.looks.get(timeout=30)
        with deadlines.watch(0.0) as watch:
            assert until(lambda: watch.expired)


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for it, for half a minute at most."""
    for _ in range(3000):
        if is_so():
            return True
        threading.Event().wait(0.01)
    return False


def test_a_secret_that_becomes_a_fifo(rig: Callable[..., Rig], tmp_path: Path) -> None:
    """The walk fails at once, and the one after the secret is back is complete."""
    path = tmp_path / "key"
    path.write_text("demo:demo-secret")
    made = rig(api_key_file=path)
    before = made.scraper.scrape(30)
    path.unlink()
    os.mkfifo(path)
    failed = made.scraper.scrape(30)
    path.unlink()
    path.write_text("demo:demo-secret")
    after = made.scraper.scrape(30)

    assert (before.up, failed.up, after.up) == (True, False, True)
    assert failed.failure is Reason.AUTH


class Stuck(ApiClient):
    """An API whose credential's file system is dead until it is told otherwise."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.target, rig.scraper.budget, Silent(), rig.transport, rig.clock)
        self.alive = threading.Event()
        self.alive.set()
        self.waiting: list[threading.Thread] = []

    def hanging(self, name: str) -> int:
        """Count the threads of this name that hang."""
        return sum(thread.name == name for thread in self.waiting)

    def wake(self) -> None:
        """Let all go on, and wait until they have ended."""
        self.alive.set()
        for thread in self.waiting:
            thread.join(30)

    def client(self, seconds: float, next_walk: int = 1) -> WalkClient:
        """Hang in the read of the secret."""
        if not self.alive.is_set():
            self.waiting.append(threading.current_thread())
            self.alive.wait()
        return super().client(seconds, next_walk)


def test_a_dead_file_system_under_the_secret(rig: Callable[..., Rig], api: FaultyApi) -> None:
    """Walks that hang end as `timeout`, few do so at once, and none sends a request when it wakes up."""
    made = rig()
    stuck = Stuck(made)
    instances = InstanceList(stuck, "on", structlog.get_logger())
    scraper = Scraper(
        made.target,
        TargetWalker(stuck, instances, (), structlog.get_logger()),
        made.scraper.budget,
        structlog.get_logger(),
        clock=made.clock,
    )
    first = scraper.scrape(30)
    stuck.alive.clear()
    answers = []
    for count in range(1, 2 * MOST_ABANDONED + 1):
        answers.append(scraper.scrape(0))
        assert until(lambda count=count: stuck.hanging("walk") == min(count, MOST_ABANDONED))  # type: ignore[misc]
        made.clock.ahead += LONGEST_WALK + OVERDUE + 1
    requests = backup_requests(api)
    hanging = stuck.hanging("instances")
    stuck.wake()
    late = backup_requests(api)
    last = scraper.scrape(30)

    assert first.up
    assert [answer.failure for answer in answers] == [None] + [Reason.TIMEOUT] * (2 * MOST_ABANDONED - 1)
    assert hanging <= MOST_ABANDONED
    assert requests == late
    assert last.up
    assert last.snapshot is not first.snapshot
    assert last.instances_ok


def backup_requests(api: FaultyApi) -> int:
    """Count the requests for backups."""
    return sum(request.path == "/v1/database-backups" for request in api.requests)


def test_a_list_of_instances_whose_thread_hangs(rig: Callable[..., Rig]) -> None:
    """It is abandoned, the next one begins, and what the first one finds in the end is dropped."""
    works: list[Callable[[], None]] = []
    made = rig()

    def keep(work: Callable[[], None]) -> Wait:
        works.append(work)
        return lambda _: None

    instances = InstanceList(made.walk.api, "on", structlog.get_logger(), run=keep)
    instances.refresh(600, 1)
    made.clock.ahead += 600 + OVERDUE + 1
    instances.refresh(600, 1)
    well = instances.well
    works[1]()
    listed = instances.listed
    works[0]()

    assert well is False
    assert instances.well is True
    assert instances.listed is listed is not None


def test_a_list_of_instances_that_crashes(rig: Callable[..., Rig]) -> None:
    """The exception is logged with its traceback, and the next walk of the list is good."""
    made = rig()
    bug = ZeroDivisionError()
    crashing = Crashing(made.target, made.scraper.budget, Silent(), made.transport, made.clock)
    crashing.error = bug
    instances = InstanceList(crashing, "on", structlog.get_logger())
    with capture_logs() as logs:
        instances.refresh(600, 1)(30)
    well = instances.well
    crashing.error = None
    made.clock.ahead += EVERY + 1
    instances.refresh(600, 1)(30)

    assert well is False
    assert {
        "event": "unexpected error while listing instances",
        "exc_info": bug,
        "log_level": "error",
    } in logs
    assert instances.well is True


class Crashing(ApiClient):
    """An API with a bug."""

    error: Exception | None = None

    def client(self, seconds: float, next_walk: int = 1) -> WalkClient:
        """Raise it."""
        if self.error:
            raise self.error
        return super().client(seconds, next_walk)


def test_a_process_whose_stderr_is_closed(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the reader of its log exits, the exporter still walks, fails and recovers."""
    monkeypatch.setenv("BYCLOUD_API_URL", api.url)
    monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")
    with running("--web.listen-address=127.0.0.1:0", "--log.level=debug") as (process, url):
        assert process.stderr is not None
        process.stderr.close()
        api.faults.add(Answer(401), times=None)
        patient = {"X-Prometheus-Scrape-Timeout-Seconds": "3600"}  # each is answered by the end of its walk
        failed = requests.get(f"{url}/metrics", headers=patient, timeout=60)
        api.faults.clear()
        recovered = requests.get(f"{url}/metrics", headers=patient, timeout=60)

    assert "bycloud_up 0.0\n" in failed.text
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in failed.text
    assert "bycloud_up 1.0\n" in recovered.text
