"""Every target recovers from faults of the system it runs on, with real threads and sockets."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Unpack

import pytest
import requests
import structlog
from structlog.testing import capture_logs

from exporter.api import ApiClient, Deadlines, HttpTransport, WalkClient
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.errors import Reason
from exporter.records import Instance
from exporter.target import MAX_WALK_SECONDS, InstanceList, Scraper, TargetWalker
from exporter.target.instances import LIST_SECONDS
from exporter.target.runner import MAX_ABANDONED
from exporter.target.running_walk import HANG_MARGIN
from tests.support.builders import backup
from tests.support.command import running
from tests.support.faults import CannedReply, FaultyApi
from tests.support.targets import TargetSettings, target
from tests.support.threadless import no_threads
from tests.support.world import Silent

MOST_BACKUPS = 60


class Shifted(Clock):
    """The machine's clock, which a test moves forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Return the later Unix time."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return the later time."""
        return super().monotonic() + self.ahead


class Rig:
    """A target with all its parts; the thread for deadlines has not started."""

    def __init__(self, url: str, **settings: Unpack[TargetSettings]) -> None:
        fields: TargetSettings = {"page_size": 20, "max_concurrency": 3, **settings}
        self.target = target(url=url, **fields)
        self.clock = Shifted()
        self.transport = HttpTransport(self.target, Deadlines())
        self.budget = Budget(clock=self.clock)
        api = ApiClient(self.target, self.budget, Silent(), self.transport, self.clock)
        log = structlog.get_logger()
        self.instances = InstanceList(api, "on", log)
        self.walk = TargetWalker(api, self.instances, (), log)
        self.scraper = Scraper(self.target, self.walk, self.budget, log, clock=self.clock)


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API with a few pages of backups."""
    backups = tuple(backup(number) for number in range(MOST_BACKUPS))
    with FaultyApi(backups=backups, instances=(Instance("one", name="orders-db"),)) as running:
        yield running


@pytest.fixture
def rig(api: FaultyApi) -> Iterator[Callable[..., Rig]]:
    """Return a maker of rigs on the API."""
    with ExitStack() as stack:

        def make(**settings: Unpack[TargetSettings]) -> Rig:
            made = Rig(api.url, **settings)
            stack.callback(made.transport.close)
            return made

        yield make


def test_a_walk_without_a_thread_for_deadlines_fails(rig: Callable[..., Rig]) -> None:
    """Nothing is requested without a deadline: the walk fails, and the next one is complete."""
    made = rig()
    with no_threads():
        failed = made.walk(30)
    complete = made.walk(30, instances_seconds=30)

    assert failed.error is not None
    assert failed.error.reason is Reason.TIMEOUT
    assert failed.error.message == "cannot start a thread for request deadlines: can't start new thread"
    assert failed.stats.pages == 0
    assert failed.instances_ok is False
    assert complete.snapshot is not None
    assert complete.snapshot.summary.backups == MOST_BACKUPS
    assert complete.instances_ok is True


def test_a_walk_whose_requests_get_no_threads(rig: Callable[..., Rig]) -> None:
    """It fetches its pages one after another over an existing connection, and is complete."""
    made = rig(instances="off")
    made.walk(30)
    with no_threads():
        walked = made.walk(30)

    assert walked.snapshot is not None
    assert walked.snapshot.summary.backups == MOST_BACKUPS


class Uncuttable:
    """A connection without a socket that could be shut down."""

    def __init__(self) -> None:
        self.looks: SimpleQueue[None] = SimpleQueue()

    @property
    def sock(self) -> object:
        """Record that it was read."""
        self.looks.put(None)
        return object()


def test_an_exchange_that_cannot_be_cut_does_not_stop_the_deadlines() -> None:
    """One exchange that cannot be cut keeps no other one alive beyond its deadline."""
    deadlines, connection, over = Deadlines(), Uncuttable(), threading.Event()

    def hold() -> None:
        with deadlines.limit(0.0) as exchange:
            exchange.use_connection(connection)  # type: ignore[arg-type] # the wrong type is the fault
            over.wait(60)

    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.callback(over.set)
        pool.submit(hold)
        for _ in range(3):  # one look to follow it, the others to cut it
            connection.looks.get(timeout=30)
        with deadlines.limit(0.0) as exchange:
            assert until(lambda: exchange.was_cut)


def until(is_so: Callable[[], bool]) -> bool:
    """Wait up to half a minute until the condition is true."""
    for _ in range(3000):
        if is_so():
            return True
        threading.Event().wait(0.01)
    return False


def test_a_secret_that_becomes_a_fifo(rig: Callable[..., Rig], tmp_path: Path) -> None:
    """The walk fails immediately; once the file is back, the next one is complete."""
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
    """A client that hangs while it reads the credential, until a test wakes it."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.target, rig.budget, Silent(), rig.transport, rig.clock)
        self.alive = threading.Event()
        self.alive.set()
        self.waiting: list[threading.Thread] = []

    def hanging(self, name: str) -> int:
        """Return how many threads of this name hang."""
        return sum(thread.name == name for thread in self.waiting)

    def wake(self) -> None:
        """Wake all of them, and wait until they have ended."""
        self.alive.set()
        for thread in self.waiting:
            thread.join(30)

    def walk_client(self, seconds: float, reserved: int = 1) -> WalkClient:
        """Hang in the read of the secret."""
        if not self.alive.is_set():
            self.waiting.append(threading.current_thread())
            self.alive.wait()
        return super().walk_client(seconds, reserved)


def _hang(stuck: Stuck, walks: int) -> bool:
    return until(lambda: stuck.hanging("walk") == walks)


def test_a_dead_file_system_under_the_secret(rig: Callable[..., Rig], api: FaultyApi) -> None:
    """Hanging walks end as `timeout`, their number is limited, and none sends a request after it wakes."""
    made = rig()
    stuck = Stuck(made)
    instances = InstanceList(stuck, "on", structlog.get_logger())
    scraper = Scraper(
        made.target,
        TargetWalker(stuck, instances, (), structlog.get_logger()),
        made.budget,
        structlog.get_logger(),
        clock=made.clock,
    )

    def is_hanging(walks: int) -> bool:
        return stuck.hanging("walk") == walks

    first = scraper.scrape(30)
    stuck.alive.clear()
    results = []
    for count in range(1, 2 * MAX_ABANDONED + 1):
        results.append(scraper.scrape(0))
        assert until(partial(is_hanging, min(count, MAX_ABANDONED)))
        made.clock.ahead += MAX_WALK_SECONDS + HANG_MARGIN + 1
    requests = backup_requests(api)
    hanging = stuck.hanging("instances")
    stuck.wake()
    late = backup_requests(api)
    last = scraper.scrape(30)

    assert first.up
    assert [result.failure for result in results] == [None] + [Reason.TIMEOUT] * (2 * MAX_ABANDONED - 1)
    assert hanging <= MAX_ABANDONED
    assert requests == late
    assert last.up
    assert last.snapshot is not first.snapshot
    assert last.instances_ok


def backup_requests(api: FaultyApi) -> int:
    """Return the number of requests for backups."""
    return sum(request.path == "/v1/database-backups" for request in api.requests)


def test_a_list_of_instances_whose_thread_hangs(rig: Callable[..., Rig]) -> None:
    """It is abandoned, the next one starts, and the late result of the first is dropped."""
    works: list[Callable[[], None]] = []
    made = rig()

    instances = InstanceList(made.walk.api, "on", structlog.get_logger(), spawn=works.append)
    instances.start_if_due(600, 1)
    made.clock.ahead += 600 + HANG_MARGIN + 1
    instances.start_if_due(600, 1)
    well = instances.ok
    works[1]()
    listed = instances.listed
    works[0]()

    assert well is False
    assert instances.ok is True
    assert instances.listed is listed is not None


def test_a_list_of_instances_that_crashes(rig: Callable[..., Rig]) -> None:
    """The exception is logged with its traceback, and the next list is good."""
    made = rig()
    bug = ZeroDivisionError()
    crashing = Crashing(made.target, made.budget, Silent(), made.transport, made.clock)
    crashing.error = bug
    instances = InstanceList(crashing, "on", structlog.get_logger(), spawn=lambda work: work())
    with capture_logs() as logs:
        instances.start_if_due(600, 1)
    well = instances.ok
    crashing.error = None
    made.clock.ahead += LIST_SECONDS + 1
    instances.start_if_due(600, 1)

    assert well is False
    assert {
        "event": "unexpected error while listing instances",
        "exc_info": bug,
        "log_level": "error",
    } in logs
    assert instances.ok is True


class Crashing(ApiClient):
    """A client with a bug."""

    error: Exception | None = None

    def walk_client(self, seconds: float, reserved: int = 1) -> WalkClient:
        """Raise it."""
        if self.error:
            raise self.error
        return super().walk_client(seconds, reserved)


def test_a_process_whose_stderr_is_closed(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the reader of the log ends, the exporter continues to walk, fail and recover."""
    monkeypatch.setenv("BYCLOUD_API_URL", api.url)
    monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")
    with running("--web.listen-address=127.0.0.1:0", "--log.level=debug") as (process, url):
        assert process.stderr is not None
        process.stderr.close()
        api.faults.add(CannedReply(401), times=None)
        patient = {"X-Prometheus-Scrape-Timeout-Seconds": "3600"}  # each gets a response when its walk ends
        failed = requests.get(f"{url}/metrics", headers=patient, timeout=60)
        api.faults.clear()
        recovered = requests.get(f"{url}/metrics", headers=patient, timeout=60)

    assert "bycloud_up 0.0\n" in failed.text
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in failed.text
    assert "bycloud_up 1.0\n" in recovered.text
