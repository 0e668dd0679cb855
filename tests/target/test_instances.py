"""The list of instances during the walk of the backups, over real sockets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, Unpack

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.app.exporter import Exporter
from exporter.cli.finding import Severity
from exporter.cli.findings import find
from exporter.config import Config, Exclusion, ExpectedInstance, Labels, Match, Objective, Secret, Target, Url
from exporter.errors import Reason
from exporter.records import Backup, Datastore, Instance, Reference
from exporter.simulator import Quirks, Request
from exporter.simulator.http.wire import Json
from exporter.target import InstanceList, WalkOutcome
from exporter.target.instances import START_THREAD
from tests.support.faults import ErrorBody, FaultyApi, HangBeforeHeaders, Rewrite
from tests.support.instance_rig import Rig, Shifted
from tests.support.started import StartedThreads
from tests.support.targets import TargetSettings
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
    """Say whether this is a request for instances."""
    return request.path == "/v1/database-instances"


class Make(Protocol):
    """Makes rigs on one API, which are closed after the test."""

    def __call__(self, objectives: tuple[Objective, ...] = ..., **settings: Unpack[TargetSettings]) -> Rig:
        """Make a rig; the objectives default to those of the configuration."""


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API with three instances, one of which has backups."""
    with FaultyApi(backups=(backup("b", "one"),), instances=LISTED) as running:
        yield running


@pytest.fixture
def rig(api: FaultyApi) -> Iterator[Make]:
    """Return what makes rigs on that API."""
    with ExitStack() as stack:

        def make(
            objectives: tuple[Objective, ...] = Config().objectives, **settings: Unpack[TargetSettings]
        ) -> Rig:
            made = Rig(api.url, objectives, **settings)
            stack.callback(made.api.close)
            return made

        yield make


def test_auto_lists_instances_with_their_names(rig: Make) -> None:
    """An instance without backups has 0 restorable ones, a replica has no objective."""
    assessments = rig().assessments()

    assert {key: (one.instance_name, one.restorable_backups) for key, one in assessments.items()} == {
        "one": ("orders-db", 1),
        "two": ("carts", 0),
        "three": ("orders-replica", 0),
    }
    assert assessments["three"].objective.age is None
    assert assessments["three"].replica_of == "one"


def test_off_requests_no_list(rig: Make, api: FaultyApi) -> None:
    """Only the backups are requested."""
    made = rig(instances="off")

    outcome = made.walk_later()

    assert outcome.instances_ok is None
    assert not any(map(of_instances, api.requests))


@pytest.mark.parametrize("status", [403, 404])
def test_a_first_refusal_turns_auto_off(rig: Make, api: FaultyApi, status: int) -> None:
    """The log has one line about it, the list is not requested again, and the backups are read."""
    api.faults.add(ErrorBody(status, "not for you"), times=None, when=of_instances)
    made = rig()

    with capture_logs() as logs:
        first, second = made.walk_later(), made.walk_later()

    assert (first.instances_ok, second.instances_ok) == (None, None)
    assert first.error is second.error is None
    assert sum(map(of_instances, api.requests)) == 1
    logged = [line["event"] for line in logs if line.get("data_warning") == "instances"]
    assert len(logged) == 1
    assert logged[0].startswith("cannot list database instances, so ")


def test_with_on_a_refusal_is_a_failure(rig: Make, api: FaultyApi) -> None:
    """The gauge shows it, and the list is requested again."""
    api.faults.add(ErrorBody(403), times=None, when=of_instances)
    made = rig(instances="on")

    first, second = made.walk_later(), made.walk_later()

    assert (first.instances_ok, second.instances_ok) == (False, False)
    assert first.snapshot is not None
    assert sum(map(of_instances, api.requests)) == 2


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_later_failure_keeps_the_last_good_list(rig: Make, api: FaultyApi, status: int) -> None:
    """The failure shows in the gauge and is logged once."""
    made = rig()
    made.walk_later()
    api.faults.add(ErrorBody(status), times=6, when=of_instances)

    with capture_logs() as logs:
        failed = [made.walk_later(), made.walk_later()]
    api.faults.clear()
    recovered = made.walk_later()

    assert [outcome.instances_ok for outcome in failed] == [False, False]
    assert all(outcome.snapshot and len(outcome.snapshot.assessments) == 3 for outcome in failed)
    assert [line["log_level"] for line in logs if line.get("data_warning") == "instances"] == ["warning"]
    assert recovered.instances_ok is True


def test_the_list_is_requested_every_ten_minutes_at_most(rig: Make, api: FaultyApi) -> None:
    """Walks in between use the last list."""
    made = rig()
    made.walk_later()
    between = made.walk()
    made.walk_later()

    assert between.instances_ok is True
    assert sum(map(of_instances, api.requests)) == 2


def test_the_list_has_its_own_page_size(rig: Make, api: FaultyApi) -> None:
    """It shrinks if the API refuses it, independently of the page size of the backups."""
    api.quirks = Quirks(max_limit=2, over_limit="refuse")
    made = rig(page_size=2)
    api.faults.add(ErrorBody(422), times=5, when=lambda request: request.query["limit"] == "1000")

    failing = made.walk_later()
    api.quirks = Quirks(max_limit=2)
    assessments = made.assessments()

    assert failing.instances_ok is False
    assert len(assessments) == 3


def test_a_list_that_hangs_delays_the_backups_for_a_moment_only(rig: Make, api: FaultyApi) -> None:
    """The snapshot is published without the list, and the next walk does not request it again."""
    api.faults.add(HangBeforeHeaders(), when=of_instances)
    made = rig()

    first, second = (made.walk(0.01) for _ in range(2))

    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.instances_ok is None
    assert sum(map(of_instances, api.requests)) <= 1


def test_a_failed_walk_of_the_backups_does_not_fail_the_list(rig: Make, api: FaultyApi) -> None:
    """The outcome reports each on its own."""
    api.faults.add(ErrorBody(403), times=None, when=lambda request: not of_instances(request))

    outcome = rig().walk_later()

    assert outcome.error is not None
    assert outcome.error.reason is Reason.FORBIDDEN
    assert outcome.instances_ok is True


def test_an_instance_from_its_first_list_to_its_deletion(rig: Make, api: FaultyApi) -> None:
    """It appears, is backed up, loses its last backup, gets another, and is deleted before that backup."""
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
    assert (appeared.restorable_backups, appeared.objective.age) == (0, 108_000)
    assert (backed_up.restorable_backups, lost.restorable_backups) == (1, 0)
    assert lost.objective.age == 108_000
    assert lost.restorable_newest_timestamp is None
    assert (deleted.restorable_backups, deleted.objective.age, deleted.instance_name) == (1, None, None)


def test_patterns_match_the_last_known_name_of_a_deleted_instance(rig: Make, api: FaultyApi) -> None:
    """It stays excluded, and another keeps its owner, as long as there are backups."""
    owned = Objective(Match(instance_name="scratch-*"), labels=Labels([("team", "payments")]))
    excluding = rig(exclude=(Exclusion(instance_name="scratch-*"),))
    labelling = rig((owned,))
    api.backups = (backup("a", "one"), backup("b", "four"))
    api.instances = (*LISTED, Instance("four", name="scratch-1"))
    listed = excluding.assessments(), labelling.assessments()
    api.instances = LISTED
    deleted = excluding.assessments(), labelling.assessments()

    assert "four" not in listed[0]
    assert "four" not in deleted[0]
    assert [found[1]["four"].labels for found in (listed, deleted)] == [(("team", "payments"),)] * 2
    assert deleted[1]["four"].instance_name is None


def test_an_empty_list_is_not_used_while_there_are_backups(rig: Make, api: FaultyApi) -> None:
    """It counts as no list: objectives stay, and log, data warnings and gauge report it."""
    api.instances = ()
    made = rig()

    with capture_logs() as logs:
        first, second = made.walk_later(), made.walk_later()

    assert first.snapshot is not None
    assert [found.objective.age for found in first.snapshot.assessments] == [108_000]
    assert [outcome.instances_ok for outcome in (first, second)] == [False, False]
    assert sum("the empty list is not used" in line["event"] for line in logs) == 1
    assert any("the empty list is not used" in warning.text for warning in first.snapshot.data_warnings)


@pytest.mark.parametrize(("instances", "level"), [((), Severity.WARN), (LISTED, Severity.OK)])
def test_check_reports_whether_the_list_is_used(
    rig: Make, api: FaultyApi, instances: tuple[Instance, ...], level: Severity
) -> None:
    """An empty list although there are backups is a warning, and no line says `ok`."""
    api.instances = instances
    made = rig(size_unit="GiB")
    results = find(made.walker, made.walk_later(), 60)

    assert [finding.severity for finding in results if "instances" in finding.text] == [level]


def test_an_empty_list_keeps_the_last_good_one(rig: Make, api: FaultyApi) -> None:
    """Names, databases without backups and replicas remain known; the next complete list replaces it."""
    made = rig()
    before = made.assessments()
    api.instances = ()
    empty = made.assessments()
    api.instances = LISTED[:2]
    after = made.assessments()

    assert empty == before
    assert after.keys() == {"one", "two"}


def test_an_empty_list_is_used_until_there_are_backups(rig: Make, api: FaultyApi) -> None:
    """From the first backup on, an empty list counts as no list."""
    api.instances, api.backups = (), ()
    made = rig()
    new = made.walk_later()
    between = made.walk()
    lists = sum(map(of_instances, api.requests))
    api.backups = (backup("b", "one"),)
    first_backup = made.walk()

    assert (new.instances_ok, between.instances_ok, first_backup.instances_ok) == (True, True, False)
    assert lists == 1
    assert first_backup.snapshot is not None
    assert [one.objective.age for one in first_backup.snapshot.assessments] == [108_000]


def test_an_empty_list_without_backups_is_not_logged(rig: Make, api: FaultyApi) -> None:
    """A new organization has neither backups nor instances."""
    api.instances, api.backups = (), ()

    with capture_logs() as logs:
        rig().walk_later()

    assert not any("no instances" in line["event"] for line in logs)


class TestObjectivesByName:
    """Objectives that match by `instance_name`."""

    RULES = (Objective(Match(instance_name="dev-*")),)

    def test_match_nothing_without_names(self, rig: Make) -> None:
        """One log line reports it."""
        made = rig(self.RULES, instances="off")

        with capture_logs() as logs:
            made.walk_later()
            made.walk_later()

        assert sum("objectives match by instance_name" in line["event"] for line in logs) == 1

    def test_need_a_list_or_configured_names(self, rig: Make) -> None:
        """With either of them there is no data warning."""
        listed = rig(self.RULES).snapshot()
        configured = rig(
            self.RULES, instances="off", expected_instances=(ExpectedInstance("one", "dev-1"),)
        ).snapshot()

        assert not any(warning.kind == "names" for warning in listed.data_warnings)
        assert not any(warning.kind == "names" for warning in configured.data_warnings)


def test_the_list_is_requested_with_every_twelfth_walk_at_most(api: FaultyApi) -> None:
    """A budget of one large walk in half an hour makes that six hours."""
    clock = Shifted()
    target = Target(name="default", url=Url(api.url), api_key=Secret("demo:demo-secret"), api_tier="standard")
    budget = Budget(clock=clock, tier="standard", share=0.5)
    walks: list[Callable[[], None]] = []

    def run_at_once(work: Callable[[], None]) -> None:
        walks.append(work)
        work()

    transport = HttpTransport(target, Deadlines())
    instances = InstanceList(
        ApiClient(target, budget, Silent(), transport, clock),
        "auto",
        structlog.get_logger(),
        spawn=run_at_once,
    )
    instances.start_if_due(10, reserved=250)
    clock.ahead += 12 * 1800 - 10
    instances.start_if_due(10, reserved=250)
    before = len(walks)
    clock.ahead += 20
    instances.start_if_due(10, reserved=250)
    transport.close()

    assert (before, len(walks)) == (1, 2)


def test_the_thread_of_the_list_ends_with_its_walk(started: StartedThreads, rig: Make) -> None:
    """No thread remains."""
    made = rig()
    made.walk_later()
    started.join("instances")

    assert len(started.named("instances")) == 1


def listing(records: list[object], total: int | None = None) -> Rewrite:
    """Return a fault that returns this list of instances in one page."""

    def rewritten(_: Json) -> Json:
        meta = {"limit": 1000, "has_more": False} | ({} if total is None else {"total": total})
        return {"database_instances": records, "meta": meta}

    return Rewrite(rewritten)


class TestOddLists:
    """Lists that must not make a database lose its objective."""

    @pytest.mark.parametrize("status", [None, 7, {"code": "ACTIVE"}, ["ACTIVE"], "", "ACTIVE"])
    def test_the_status_of_an_instance_is_ignored(self, rig: Make, api: FaultyApi, status: object) -> None:
        """The instance is listed with any status."""
        api.faults.add(listing([{"id": "one", "name": "orders-db", "status": status}]), when=of_instances)
        assessment = rig().assessments()["one"]

        assert (assessment.instance_name, assessment.objective.age) == ("orders-db", 108_000)

    @pytest.mark.parametrize("reference", [None, {}, {"id": ""}, {"id": None}, {"id": 5}, [], "one", ""])
    def test_an_empty_reference_makes_no_replica(self, rig: Make, api: FaultyApi, reference: object) -> None:
        """Only the id of another instance makes one."""
        record = {"id": "one", "name": "", "replica_of": reference, "datastore": {"type": "", "version": ""}}
        api.faults.add(listing([record]), when=of_instances)
        assessment = rig().assessments()["one"]

        assert assessment.objective.age == 108_000
        assert (assessment.replica_of, assessment.instance_name, assessment.datastore_version) == (
            None,
            None,
            None,
        )
        assert assessment.datastore_type == "unknown"

    @pytest.mark.parametrize(
        ("fault", "problem"),
        [
            (listing([{"id": "two"}], total=2), "the API reports 2 instances but lists 1"),
            (listing([{"id": "two"}, {"name": "x"}]), "1 instances are malformed; the first: record 2"),
            (listing([{"id": "two"}, None], total=2), "1 instances are malformed; the first: record 2"),
        ],
    )
    def test_an_incomplete_list_is_not_used(
        self, rig: Make, api: FaultyApi, fault: Rewrite, problem: str
    ) -> None:
        """A missing instance does not count as deleted, and a data warning says why the list is not used."""
        api.faults.add(fault, times=None, when=of_instances)
        outcome = rig().walk_later()

        assert outcome.instances_ok is False
        assert outcome.snapshot is not None
        assert [one.objective.age for one in outcome.snapshot.assessments] == [108_000]
        assert any(problem in warning.text for warning in outcome.snapshot.data_warnings)

    def test_an_incomplete_list_keeps_the_last_good_one(self, rig: Make, api: FaultyApi) -> None:
        """Names and replicas stay known."""
        made = rig()
        before = made.assessments()
        api.faults.add(listing([{"id": "two"}], total=3), times=None, when=of_instances)

        assert made.assessments() == before


class TestRetry:
    """A failed list is requested again with the next walk, a good one after ten minutes."""

    @pytest.mark.parametrize("status", [400, 401, 500])
    def test_the_next_walk_requests_a_failed_list_again(self, rig: Make, api: FaultyApi, status: int) -> None:
        """No time passes between the walks."""
        api.faults.add(ErrorBody(status), times=3 if status == 500 else 6, when=of_instances)
        made = rig()
        outcomes: list[WalkOutcome] = []
        while not (outcomes and outcomes[-1].instances_ok):
            outcomes.append(made.walk())
        lists = sum(map(of_instances, api.requests))
        again = made.walk()

        assert outcomes[0].instances_ok is False
        assert again.instances_ok is True
        assert sum(map(of_instances, api.requests)) == lists

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_refusal_counts_only_after_a_complete_walk(
        self, rig: Make, api: FaultyApi, status: int
    ) -> None:
        """A key that may read nothing does not show what the right key may read."""
        api.faults.add(ErrorBody(status), times=None)
        made = rig()
        failed = made.walk()
        api.faults.clear()
        fixed = made.walk()

        assert failed.error is not None
        assert failed.instances_ok is False
        assert fixed.instances_ok is True

    def test_an_earlier_refusal_does_not_count_while_the_list_is_requested_again(
        self, rig: Make, api: FaultyApi
    ) -> None:
        """The credential gets its permissions; then the backups arrive before the list."""
        api.faults.add(ErrorBody(403), times=None)
        made = rig()
        refused = made.walk()
        api.faults.clear()
        api.faults.add(HangBeforeHeaders(), when=of_instances)
        waiting = made.walk(0.01)

        assert refused.error is not None
        assert waiting.snapshot is not None
        assert made.walker.instances.is_on

    def test_a_reload_requests_a_refused_list_again(self, rig: Make, api: FaultyApi) -> None:
        """The credential may have been given the permission."""
        api.faults.add(ErrorBody(403), times=1, when=of_instances)
        made = rig()
        refused = made.walk_later()
        made.instances.forget_refusal()
        listed = made.walk()

        assert (refused.instances_ok, listed.instances_ok) == (None, True)

    @pytest.mark.parametrize("step", [-1e6, 1e6])
    def test_a_clock_step_changes_nothing(self, rig: Make, api: FaultyApi, step: float) -> None:
        """Ten minutes are counted in monotonic time."""
        made = rig()
        made.walk_later()
        made.clock.step = step
        between = made.walk()
        made.walk_later()

        assert between.instances_ok is True
        assert sum(map(of_instances, api.requests)) == 2

    def test_a_thread_that_cannot_start_fails_one_walk_of_the_list(self, rig: Make) -> None:
        """The next walk of the backups requests the list again."""
        made = rig()
        refused = [RuntimeError("can't start new thread")]

        def spawn(work: Callable[[], None]) -> None:
            if refused:
                raise refused.pop()
            START_THREAD(work)

        log = structlog.get_logger()
        made.walker.instances = InstanceList(made.api, "auto", log, spawn=spawn)
        first, second = (made.walk() for _ in range(2))

        assert first.snapshot is not None
        assert (first.instances_ok, second.instances_ok) == (False, True)
        assert any("can't start new thread" in warning.text for warning in first.snapshot.data_warnings)

    def test_a_bug_fails_the_list_only(self, rig: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        """The log has the traceback, and the next walk requests the list again."""
        made = rig()
        monkeypatch.setattr("exporter.target.instances.complete_list", lambda _: 1 / 0)
        with capture_logs() as logs:
            first = made.walk()
        monkeypatch.undo()
        second = made.walk()

        assert first.snapshot is not None
        assert (first.instances_ok, second.instances_ok) == (False, True)
        assert any(line["log_level"] == "error" and line["exc_info"] for line in logs)


@pytest.mark.parametrize("refused", [False, True])
def test_once_a_wrong_key_is_fixed_the_next_walk_has_the_list(tmp_path: Path, *, refused: bool) -> None:
    """Names, databases without backups and retired databases are known at once."""
    key = tmp_path / "key"
    key.write_text("demo:wrong", encoding="ascii")
    retired = (backup("b", "one"), backup("r", "retired"))
    with FaultyApi(backups=retired, instances=LISTED) as api:
        if refused:
            api.faults.add(ErrorBody(403), times=None)
        target = Target(name="only", url=Url(api.url), api_key_file=key)
        exporter = Exporter(Config(targets=(target,)))
        walk = exporter.runtimes["only"].walker
        failed = [walk(60, instances_seconds=60) for _ in range(2)]
        api.faults.clear()
        key.write_text("demo:demo-secret", encoding="ascii")
        fixed = walk(60, instances_seconds=60)
        exporter.close()

    assert all(outcome.error for outcome in failed)
    assert fixed.instances_ok is True
    assert fixed.snapshot is not None
    names = {one.instance_id: (one.instance_name, one.objective.age) for one in fixed.snapshot.assessments}
    assert names == {
        "one": ("orders-db", 108_000),
        "two": ("carts", 108_000),
        "three": ("orders-replica", None),
        "retired": (None, None),
    }
