"""The list of instances, beside the backups, over real sockets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.app.exporter import Exporter
from exporter.cli.check import Level, examine
from exporter.clock import Clock
from exporter.config.credentials import Secret
from exporter.config.schema import Config, ExpectedInstance, Match, Objective, Target, Url
from exporter.errors import Reason
from exporter.records import Backup, Datastore, Instance, Reference
from exporter.results import DatabaseAssessment, Snapshot
from exporter.simulator import Quirks, Request
from exporter.simulator.http.wire import Json
from exporter.target.instances import EVERY, InstanceList, Wait, run_beside
from exporter.target.walk import TargetWalker, WalkOutcome
from tests.support.faults import ErrorBody, FaultyApi, HangBeforeHeaders, Rewrite
from tests.support.started import StartedThreads
from tests.support.world import Silent

LISTED = (
    Instance("one", name="orders-db", datastore=Datastore("mysql", "8.0")),
    Instance("two", name="carts", datastore=Datastore("redis")),
    Instance("three", name="orders-replica", replica_of=Reference("one")),
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def backup(name: str, instance: str, hours: int = 0) -> Backup:
    """Make a COMPLETED full backup."""
    return Backup(name, "COMPLETED", START + timedelta(hours=hours), instance_id=instance)


def of_instances(request: Request) -> bool:
    """Tell a request for instances."""
    return request.path == "/v1/database-instances"


class Shifted(Clock):
    """The machine's clock, which a test can put forward; its wall clock can step besides."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.step = 0.0

    def now(self) -> float:
        """Return the later time, stepped."""
        return super().now() + self.ahead + self.step

    def monotonic(self) -> float:
        """Return the later monotonic time."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


class Rig:
    """A target's walk with its list of instances."""

    def __init__(self, url: str, objectives: tuple[Objective, ...], **settings: object) -> None:
        target = Target(name="default", url=Url(url), api_key=Secret("demo:demo-secret"), **settings)  # type: ignore[arg-type]
        self.clock = Shifted()
        self.api = ApiClient(
            target, Budget(clock=self.clock), Silent(), HttpTransport(target, Deadlines()), self.clock
        )
        log = structlog.get_logger()
        self.instances = InstanceList(self.api, target.instances, log)
        self.target_walk = TargetWalker(self.api, self.instances, objectives, log)

    def walk(self, patience: float = 10) -> WalkOutcome:
        """Walk, ten minutes and more after the last time."""
        self.clock.ahead += EVERY + 1
        return self.target_walk(20, patience=patience)

    def snapshot(self) -> Snapshot:
        """Walk, and return the snapshot."""
        snapshot = self.walk().snapshot
        assert snapshot is not None
        return snapshot

    def assessments(self) -> dict[str, DatabaseAssessment]:
        """Walk, and return each instance's recovery."""
        return {recovery.instance_id: recovery for recovery in self.snapshot().assessments}


Make = Callable[..., Rig]


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API with three instances, one of which has backups."""
    with FaultyApi(backups=(backup("b", "one"),), instances=LISTED) as running:
        yield running


@pytest.fixture
def rig(api: FaultyApi) -> Iterator[Make]:
    """Return a maker of rigs on that API."""
    with ExitStack() as stack:

        def make(objectives: tuple[Objective, ...] = Config().objectives, **settings: object) -> Rig:
            made = Rig(api.url, objectives, **settings)
            stack.callback(made.api.close)
            return made

        yield make


def test_it_names_instances_and_shows_those_without_backups(rig: Make) -> None:
    """`auto`: listed where the API lets us."""
    found = rig().assessments()

    assert {key: (one.instance_name, one.restorable) for key, one in found.items()} == {
        "one": ("orders-db", 1),
        "two": ("carts", 0),
        "three": ("orders-replica", 0),
    }
    assert found["three"].objective_age is None
    assert found["three"].replica_of == "one"


def test_off_asks_for_no_list(rig: Make, api: FaultyApi) -> None:
    """`off`: only backups are asked for."""
    made = rig(instances="off")

    outcome = made.walk()

    assert outcome.instances_ok is None
    assert not any(map(of_instances, api.requests))


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_at_first_turns_auto_off(rig: Make, api: FaultyApi, status: int) -> None:
    """With one line in the log, and no request more; the backups are none the worse."""
    api.faults.add(ErrorBody(status, "not for you"), times=None, when=of_instances)
    made = rig()

    with capture_logs() as logs:
        first, second = made.walk(), made.walk()

    assert (first.instances_ok, second.instances_ok) == (None, None)
    assert first.error is second.error is None
    assert sum(map(of_instances, api.requests)) == 1
    told = [line["event"] for line in logs if line.get("doubt") == "instances"]
    assert len(told) == 1
    assert told[0].startswith("instances cannot be listed: ")


def test_on_demands_it(rig: Make, api: FaultyApi) -> None:
    """A refusal is a failure that shows, and is asked again."""
    api.faults.add(ErrorBody(403), times=None, when=of_instances)
    made = rig(instances="on")

    first, second = made.walk(), made.walk()

    assert (first.instances_ok, second.instances_ok) == (False, False)
    assert first.snapshot is not None
    assert sum(map(of_instances, api.requests)) == 2


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_later_failure_keeps_the_last_good_list(rig: Make, api: FaultyApi, status: int) -> None:
    """It shows in its own gauge, is logged once, and leaves everything else as it is."""
    made = rig()
    made.walk()
    api.faults.add(ErrorBody(status), times=6, when=of_instances)

    with capture_logs() as logs:
        failed = [made.walk(), made.walk()]
    api.faults.clear()
    well = made.walk()

    assert [outcome.instances_ok for outcome in failed] == [False, False]
    assert all(outcome.snapshot and len(outcome.snapshot.assessments) == 3 for outcome in failed)
    assert [line["log_level"] for line in logs if line.get("doubt") == "instances"] == ["warning"]
    assert well.instances_ok is True


def test_it_is_walked_every_ten_minutes_at_most(rig: Make, api: FaultyApi) -> None:
    """Walks in between use the list at hand."""
    made = rig()
    made.walk()
    between = made.target_walk(20)
    made.walk()

    assert between.instances_ok is True
    assert sum(map(of_instances, api.requests)) == 2


def test_it_is_paged_like_the_backups(rig: Make, api: FaultyApi) -> None:
    """By the same walker, with its own page size."""
    api.quirks = Quirks(max_limit=2, over_limit="refuse")
    made = rig(page_size=2)
    api.faults.add(ErrorBody(422), times=5, when=lambda request: request.query["limit"] == "1000")

    failing = made.walk()
    api.quirks = Quirks(max_limit=2)
    found = made.assessments()

    assert failing.instances_ok is False
    assert len(found) == 3


def test_a_list_that_hangs_holds_up_the_backups_for_a_moment_only(rig: Make, api: FaultyApi) -> None:
    """They are published without it, and the next walk begins no second one beside it."""
    api.faults.add(HangBeforeHeaders(), when=of_instances)
    made = rig()

    first, second = (made.target_walk(20, patience=0.01) for _ in range(2))

    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.instances_ok is None
    assert sum(map(of_instances, api.requests)) <= 1


def test_a_failed_walk_of_backups_says_how_the_list_fares(rig: Make, api: FaultyApi) -> None:
    """Each on its own."""
    api.faults.add(ErrorBody(403), times=None, when=lambda request: not of_instances(request))

    outcome = rig().walk()

    assert outcome.error is not None
    assert outcome.error.reason is Reason.FORBIDDEN
    assert outcome.instances_ok is True


def test_an_instances_life(rig: Make, api: FaultyApi) -> None:
    """It appears, loses its last backup while it lives, gets one again, and is deleted while that stays."""
    made = rig()
    fresh = Instance("four", name="fresh", datastore=Datastore("redis"))
    before = made.assessments()
    api.instances = (*LISTED, fresh)
    appeared = made.assessments()["four"]
    api.backups = (backup("b", "one"), backup("f", "four"))
    backed_up = made.assessments()["four"]
    api.backups = (backup("b", "one"),)
    lost = made.assessments()["four"]
    api.backups = (backup("b", "one"), backup("g", "four", hours=1))
    api.instances = LISTED
    deleted = made.assessments()["four"]

    assert "four" not in before
    assert (appeared.restorable, appeared.objective_age) == (0, 93_600)
    assert (backed_up.restorable, lost.restorable) == (1, 0)
    assert lost.objective_age == 93_600
    assert lost.newest_timestamp is None
    assert (deleted.restorable, deleted.objective_age, deleted.instance_name) == (1, None, None)


def test_an_empty_list_is_not_believed_while_backups_exist(rig: Make, api: FaultyApi) -> None:
    """It counts as no list: every objective stays, and log, data_warnings and gauge say so."""
    api.instances = ()
    made = rig()

    with capture_logs() as logs:
        first, second = made.walk(), made.walk()

    assert first.snapshot is not None
    assert [recovery.objective_age for recovery in first.snapshot.assessments] == [93_600]
    assert [outcome.instances_ok for outcome in (first, second)] == [False, False]
    assert sum("the empty list is not used" in line["event"] for line in logs) == 1
    assert any("the empty list is not used" in doubt.text for doubt in first.snapshot.data_warnings)


@pytest.mark.parametrize(("instances", "level"), [((), Level.WARN), (LISTED, Level.OK)])
def test_check_says_whether_the_list_is_used(
    rig: Make, api: FaultyApi, instances: tuple[Instance, ...], level: Level
) -> None:
    """An empty list beside backups is a warning, and nothing says that it is fine."""
    api.instances = instances
    made = rig(size_unit="GiB")
    found = examine(made.target_walk, made.walk(), 60)

    assert [finding.level for finding in found if "instances" in finding.text] == [level]


def test_an_empty_list_keeps_the_last_good_one(rig: Make, api: FaultyApi) -> None:
    """Names, databases without backups and replicas stay known; the next good list replaces it."""
    made = rig()
    before = made.assessments()
    api.instances = ()
    empty = made.assessments()
    api.instances = LISTED[:2]
    after = made.assessments()

    assert empty == before
    assert after.keys() == {"one", "two"}


def test_an_empty_list_is_believed_until_there_are_backups(rig: Make, api: FaultyApi) -> None:
    """A new organization has neither; from its first backup on the empty list counts as none."""
    api.instances, api.backups = (), ()
    made = rig()
    new = made.walk()
    between = made.target_walk(20, patience=10)
    lists = sum(map(of_instances, api.requests))
    api.backups = (backup("b", "one"),)
    first_backup = made.target_walk(20, patience=10)

    assert (new.instances_ok, between.instances_ok, first_backup.instances_ok) == (True, True, False)
    assert lists == 1
    assert first_backup.snapshot is not None
    assert [one.objective_age for one in first_backup.snapshot.assessments] == [93_600]


def test_where_there_is_nothing_an_empty_list_is_no_surprise(rig: Make, api: FaultyApi) -> None:
    """A new organization has neither backups nor instances."""
    api.instances, api.backups = (), ()

    with capture_logs() as logs:
        rig().walk()

    assert not any("no instances" in line["event"] for line in logs)


class TestRulesByName:
    """Objectives that go by name."""

    RULES = (Objective(Match(instance_name="dev-*")),)

    def test_match_nothing_where_no_name_can_be_had(self, rig: Make) -> None:
        """And are told of, once."""
        made = rig(self.RULES, instances="off")

        with capture_logs() as logs:
            made.walk()
            made.walk()

        assert sum("instance_name match nothing" in line["event"] for line in logs) == 1

    def test_are_well_with_a_list_or_with_configured_names(self, rig: Make) -> None:
        """Either gives names."""
        listed = rig(self.RULES).snapshot()
        configured = rig(
            self.RULES, instances="off", expected_instances=(ExpectedInstance("one", "dev-1"),)
        ).snapshot()

        assert not any(doubt.kind == "names" for doubt in listed.data_warnings)
        assert not any(doubt.kind == "names" for doubt in configured.data_warnings)


def test_where_walks_are_rare_the_list_is_rarer(api: FaultyApi) -> None:
    """At a budget of one large walk in half an hour, the list comes with every twelfth."""
    clock = Shifted()
    target = Target(name="default", url=Url(api.url), api_key=Secret("demo:demo-secret"), api_tier="standard")
    budget = Budget(clock=clock, tier="standard", share=0.5)
    walks: list[Callable[[], None]] = []

    def keep(work: Callable[[], None]) -> Wait:
        walks.append(work)
        work()
        return lambda _: None

    transport = HttpTransport(target, Deadlines())
    instances = InstanceList(
        ApiClient(target, budget, Silent(), transport, clock), "auto", structlog.get_logger(), run=keep
    )
    instances.refresh(10, next_walk=250)
    clock.ahead += 12 * 1800 - 10
    instances.refresh(10, next_walk=250)
    before = len(walks)
    clock.ahead += 20
    instances.refresh(10, next_walk=250)
    transport.close()

    assert (before, len(walks)) == (1, 2)


def test_the_thread_beside_ends_with_its_walk(started: StartedThreads, rig: Make) -> None:
    """No thread is left."""
    made = rig()
    made.walk()
    started.join("instances")

    assert len(started.named("instances")) == 1


def listing(records: list[object], total: int | None = None) -> Rewrite:
    """Return a fault that answers with this list of instances, in one page."""

    def rewritten(_: Json) -> Json:
        meta = {"limit": 1000, "has_more": False} | ({} if total is None else {"total": total})
        return {"database_instances": records, "meta": meta}

    return Rewrite(rewritten)


class TestObjectivesStay:
    """Answers that would make a database lose its objective."""

    @pytest.mark.parametrize("status", [None, 7, {"code": "ACTIVE"}, ["ACTIVE"], "", "ACTIVE"])
    def test_the_status_of_an_instance_is_ignored(self, rig: Make, api: FaultyApi, status: object) -> None:
        """Whatever it is, the instance is listed."""
        api.faults.add(listing([{"id": "one", "name": "orders-db", "status": status}]), when=of_instances)
        found = rig().assessments()["one"]

        assert (found.instance_name, found.objective_age) == ("orders-db", 93_600)

    @pytest.mark.parametrize("reference", [None, {}, {"id": ""}, {"id": None}, {"id": 5}, [], "one", ""])
    def test_an_empty_reference_makes_no_replica(self, rig: Make, api: FaultyApi, reference: object) -> None:
        """Only the id of another instance does."""
        record = {"id": "one", "name": "", "replica_of": reference, "datastore": {"type": "", "version": ""}}
        api.faults.add(listing([record]), when=of_instances)
        found = rig().assessments()["one"]

        assert found.objective_age == 93_600
        assert (found.replica_of, found.instance_name, found.datastore_version) == (None, None, None)
        assert found.datastore_type == "unknown"

    @pytest.mark.parametrize(
        ("fault", "problem"),
        [
            (listing([{"id": "two"}], total=2), "the API reports 2 instances but lists 1"),
            (listing([{"id": "two"}, {"name": "x"}]), "1 instances are malformed; the first: record 2"),
            (listing([{"id": "two"}, None], total=2), "1 instances are malformed; the first: record 2"),
        ],
    )
    def test_a_list_that_lacks_instances_is_refused(
        self, rig: Make, api: FaultyApi, fault: Rewrite, problem: str
    ) -> None:
        """A database that it lacks does not read as deleted; the doubt says why the list is not used."""
        api.faults.add(fault, times=None, when=of_instances)
        outcome = rig().walk()

        assert outcome.instances_ok is False
        assert outcome.snapshot is not None
        assert [one.objective_age for one in outcome.snapshot.assessments] == [93_600]
        assert any(problem in doubt.text for doubt in outcome.snapshot.data_warnings)

    def test_the_last_good_list_outlives_a_short_one(self, rig: Make, api: FaultyApi) -> None:
        """What was known stays known."""
        made = rig()
        before = made.assessments()
        api.faults.add(listing([{"id": "two"}], total=3), times=None, when=of_instances)

        assert made.assessments() == before


class TestRetry:
    """A failed list is walked again with the next walk; a good one lasts ten minutes."""

    @pytest.mark.parametrize("status", [400, 401, 500])
    def test_the_next_walk_retries(self, rig: Make, api: FaultyApi, status: int) -> None:
        """No time passes between the walks."""
        api.faults.add(ErrorBody(status), times=3 if status == 500 else 6, when=of_instances)
        made = rig()
        outcomes: list[WalkOutcome] = []
        while not (outcomes and outcomes[-1].instances_ok):
            outcomes.append(made.target_walk(20, patience=10))
        lists = sum(map(of_instances, api.requests))
        again = made.target_walk(20, patience=10)

        assert outcomes[0].instances_ok is False
        assert again.instances_ok is True
        assert sum(map(of_instances, api.requests)) == lists

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_refusal_counts_only_beside_backups_that_can_be_read(
        self, rig: Make, api: FaultyApi, status: int
    ) -> None:
        """A key that may read nothing says nothing of whether the right key may list instances."""
        api.faults.add(ErrorBody(status), times=None)
        made = rig()
        failed = made.target_walk(20, patience=10)
        api.faults.clear()
        fixed = made.target_walk(20, patience=10)

        assert failed.error is not None
        assert failed.instances_ok is False
        assert fixed.instances_ok is True

    def test_a_refusal_of_before_does_not_turn_off_a_list_that_is_on_its_way(
        self, rig: Make, api: FaultyApi
    ) -> None:
        """The credential was given its rights: the backups come at once, the list comes late."""
        api.faults.add(ErrorBody(403), times=None)
        made = rig()
        refused = made.target_walk(20, patience=10)
        api.faults.clear()
        api.faults.add(HangBeforeHeaders(), when=of_instances)
        waiting = made.target_walk(20, patience=0.01)

        assert refused.error is not None
        assert waiting.snapshot is not None
        assert made.target_walk.instances.is_on

    @pytest.mark.parametrize("step", [-1e6, 1e6])
    def test_a_clock_that_steps_changes_nothing(self, rig: Make, api: FaultyApi, step: float) -> None:
        """Ten minutes are counted in monotonic time."""
        made = rig()
        made.walk()
        made.clock.step = step
        between = made.target_walk(20, patience=10)
        made.walk()

        assert between.instances_ok is True
        assert sum(map(of_instances, api.requests)) == 2

    def test_a_thread_that_cannot_start_costs_one_walk(self, rig: Make) -> None:
        """The list is walked with the next walk of the backups."""
        made = rig()
        refused = [RuntimeError("can't start new thread")]

        def run(work: Callable[[], None]) -> Wait:
            if refused:
                raise refused.pop()
            return run_beside(work)

        log = structlog.get_logger()
        made.target_walk.instances = InstanceList(made.api, "auto", log, run=run)
        first, second = (made.target_walk(20, patience=10) for _ in range(2))

        assert first.snapshot is not None
        assert (first.instances_ok, second.instances_ok) == (False, True)
        assert any("can't start new thread" in doubt.text for doubt in first.snapshot.data_warnings)

    def test_a_bug_fails_the_list_alone(self, rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        """The log has its traceback, and the next walk lists instances again."""
        made = rig()
        monkeypatch.setattr("exporter.target.instances._whole", lambda _: 1 / 0)
        with capture_logs() as logs:
            first = made.target_walk(20, patience=10)
        monkeypatch.undo()
        second = made.target_walk(20, patience=10)

        assert first.snapshot is not None
        assert (first.instances_ok, second.instances_ok) == (False, True)
        assert any(line["log_level"] == "error" and line["exc_info"] for line in logs)


@pytest.mark.parametrize("refused", [False, True])
def test_after_a_wrong_key_is_fixed_the_next_walk_is_right(tmp_path: Path, *, refused: bool) -> None:
    """Names, databases never backed up and retired ones are known at once, over the real parts."""
    key = tmp_path / "key"
    key.write_text("demo:wrong", encoding="ascii")
    retired = (backup("b", "one"), backup("r", "retired"))
    with FaultyApi(backups=retired, instances=LISTED) as api:
        if refused:
            api.faults.add(ErrorBody(403), times=None)
        target = Target(name="only", url=Url(api.url), api_key_file=str(key))
        exporter = Exporter(Config(targets=(target,)))
        walk = exporter.walks["only"]
        failed = [walk(60, patience=60) for _ in range(2)]
        api.faults.clear()
        key.write_text("demo:demo-secret", encoding="ascii")
        fixed = walk(60, patience=60)
        exporter.close()

    assert all(outcome.error for outcome in failed)
    assert fixed.instances_ok is True
    assert fixed.snapshot is not None
    found = {one.instance_id: (one.instance_name, one.objective_age) for one in fixed.snapshot.assessments}
    assert found == {
        "one": ("orders-db", 93_600),
        "two": ("carts", 93_600),
        "three": ("orders-replica", None),
        "retired": (None, None),
    }
