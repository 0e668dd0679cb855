"""The list of instances, beside the backups, over real sockets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.budget import Budget
from exporter.client import Api, HttpTransport, Watchdog
from exporter.clock import Clock
from exporter.config import Config, ExpectedInstance, Match, Objective, Target, Url
from exporter.credentials import Secret
from exporter.errors import Reason
from exporter.instance_list import EVERY, InstanceList, Wait
from exporter.model import Backup, Datastore, Instance, Recovery, Reference, Snapshot
from exporter.simulator import ErrorBody, Habits, HangBeforeHeaders, Request, SimulatedApi
from exporter.target_walk import Outcome, TargetWalk
from tests.started import StartedThreads
from tests.world import Silent

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
    """The machine's clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Return the later time."""
        return super().now() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


class Rig:
    """A target's walk with its list of instances."""

    def __init__(self, url: str, objectives: tuple[Objective, ...], **settings: object) -> None:
        target = Target(name="default", url=Url(url), api_key=Secret("demo:demo-secret"), **settings)  # type: ignore[arg-type]
        self.clock = Shifted()
        self.api = Api(
            target, Budget(clock=self.clock), Silent(), HttpTransport(target, Watchdog()), self.clock
        )
        log = structlog.get_logger()
        self.instances = InstanceList(self.api, target.instances, log)
        self.target_walk = TargetWalk(self.api, self.instances, objectives, log)

    def walk(self, patience: float = 10) -> Outcome:
        """Walk, ten minutes and more after the last time."""
        self.clock.ahead += EVERY + 1
        return self.target_walk(20, patience=patience)

    def snapshot(self) -> Snapshot:
        """Walk, and return the snapshot."""
        snapshot = self.walk().snapshot
        assert snapshot is not None
        return snapshot

    def recoveries(self) -> dict[str, Recovery]:
        """Walk, and return each instance's recovery."""
        return {recovery.instance_id: recovery for recovery in self.snapshot().recoveries}


Make = Callable[..., Rig]


@pytest.fixture
def api() -> Iterator[SimulatedApi]:
    """Run an API with three instances, one of which has backups."""
    with SimulatedApi(backups=(backup("b", "one"),), instances=LISTED) as running:
        yield running


@pytest.fixture
def rig(api: SimulatedApi) -> Iterator[Make]:
    """Return a maker of rigs on that API."""
    with ExitStack() as stack:

        def make(objectives: tuple[Objective, ...] = Config().objectives, **settings: object) -> Rig:
            made = Rig(api.url, objectives, **settings)
            stack.callback(made.api.close)
            return made

        yield make


def test_it_names_instances_and_shows_those_without_backups(rig: Make) -> None:
    """`auto`: listed where the API lets us."""
    found = rig().recoveries()

    assert {key: (one.instance_name, one.restorable) for key, one in found.items()} == {
        "one": ("orders-db", 1),
        "two": ("carts", 0),
        "three": ("orders-replica", 0),
    }
    assert found["three"].objective_age is None
    assert found["three"].replica_of == "one"


def test_off_asks_for_no_list(rig: Make, api: SimulatedApi) -> None:
    """`off`: only backups are asked for."""
    made = rig(instances="off")

    outcome = made.walk()

    assert outcome.instances_well is None
    assert not any(map(of_instances, api.requests))


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_at_first_turns_auto_off(rig: Make, api: SimulatedApi, status: int) -> None:
    """With one line in the log, and no request more; the backups are none the worse."""
    api.faults.add(ErrorBody(status, "not for you"), times=None, when=of_instances)
    made = rig()

    with capture_logs() as logs:
        first, second = made.walk(), made.walk()

    assert (first.instances_well, second.instances_well) == (None, None)
    assert first.error is second.error is None
    assert sum(map(of_instances, api.requests)) == 1
    told = [line["event"] for line in logs if line.get("doubt") == "instances"]
    assert len(told) == 1
    assert told[0].startswith("instances cannot be listed: ")


def test_on_demands_it(rig: Make, api: SimulatedApi) -> None:
    """A refusal is a failure that shows, and is asked again."""
    api.faults.add(ErrorBody(403), times=None, when=of_instances)
    made = rig(instances="on")

    first, second = made.walk(), made.walk()

    assert (first.instances_well, second.instances_well) == (False, False)
    assert first.snapshot is not None
    assert sum(map(of_instances, api.requests)) == 2


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_later_failure_keeps_the_last_good_list(rig: Make, api: SimulatedApi, status: int) -> None:
    """It shows in its own gauge, is logged once, and leaves everything else as it is."""
    made = rig()
    made.walk()
    api.faults.add(ErrorBody(status), times=6, when=of_instances)

    with capture_logs() as logs:
        failed = [made.walk(), made.walk()]
    api.faults.clear()
    well = made.walk()

    assert [outcome.instances_well for outcome in failed] == [False, False]
    assert all(outcome.snapshot and len(outcome.snapshot.recoveries) == 3 for outcome in failed)
    assert [line["log_level"] for line in logs if line.get("doubt") == "instances"] == ["warning"]
    assert well.instances_well is True


def test_it_is_walked_every_ten_minutes_at_most(rig: Make, api: SimulatedApi) -> None:
    """Walks in between use the list at hand."""
    made = rig()
    made.walk()
    between = made.target_walk(20)
    made.walk()

    assert between.instances_well is True
    assert sum(map(of_instances, api.requests)) == 2


def test_it_is_paged_like_the_backups(rig: Make, api: SimulatedApi) -> None:
    """By the same walker, with its own page size."""
    api.habits = Habits(max_limit=2, over_limit="refuse")
    made = rig(page_size=2)
    api.faults.add(ErrorBody(422), times=5, when=lambda request: request.query["limit"] == "1000")

    failing = made.walk()
    api.habits = Habits(max_limit=2)
    found = made.recoveries()

    assert failing.instances_well is False
    assert len(found) == 3


def test_a_list_that_hangs_holds_up_the_backups_for_a_moment_only(rig: Make, api: SimulatedApi) -> None:
    """They are published without it, and the next walk begins no second one beside it."""
    api.faults.add(HangBeforeHeaders(), when=of_instances)
    made = rig()

    first, second = made.walk(patience=0.01), made.walk(patience=0.01)

    assert first.snapshot is not None
    assert second.snapshot is not None
    assert first.instances_well is None
    assert sum(map(of_instances, api.requests)) <= 1


def test_a_failed_walk_of_backups_says_how_the_list_fares(rig: Make, api: SimulatedApi) -> None:
    """Each on its own."""
    api.faults.add(ErrorBody(403), times=None, when=lambda request: not of_instances(request))

    outcome = rig().walk()

    assert outcome.error is not None
    assert outcome.error.reason is Reason.FORBIDDEN
    assert outcome.instances_well is True


def test_an_instances_life(rig: Make, api: SimulatedApi) -> None:
    """It appears, loses its last backup while it lives, gets one again, and is deleted while that stays."""
    made = rig()
    fresh = Instance("four", name="fresh", datastore=Datastore("redis"))
    before = made.recoveries()
    api.instances = (*LISTED, fresh)
    appeared = made.recoveries()["four"]
    api.backups = (backup("b", "one"), backup("f", "four"))
    backed_up = made.recoveries()["four"]
    api.backups = (backup("b", "one"),)
    lost = made.recoveries()["four"]
    api.backups = (backup("b", "one"), backup("g", "four", hours=1))
    api.instances = LISTED
    deleted = made.recoveries()["four"]

    assert "four" not in before
    assert (appeared.restorable, appeared.objective_age) == (0, 93_600)
    assert (backed_up.restorable, lost.restorable) == (1, 0)
    assert lost.objective_age == 93_600
    assert lost.newest_timestamp is None
    assert (deleted.restorable, deleted.objective_age, deleted.instance_name) == (1, None, None)


def test_an_empty_list_is_told_of(rig: Make, api: SimulatedApi) -> None:
    """Where backups are there but no instance is: then nothing is asked, which should be no surprise."""
    api.instances = ()
    made = rig()

    with capture_logs() as logs:
        found = made.recoveries()
        made.walk()

    assert found["one"].objective_age is None
    assert sum("no instances are listed" in line["event"] for line in logs) == 1


def test_where_there_is_nothing_an_empty_list_is_no_surprise(rig: Make, api: SimulatedApi) -> None:
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

        assert not any(doubt.kind == "names" for doubt in listed.doubts)
        assert not any(doubt.kind == "names" for doubt in configured.doubts)


def test_where_walks_are_rare_the_list_is_rarer(api: SimulatedApi) -> None:
    """At a budget of one large walk in half an hour, the list comes with every twelfth."""
    clock = Shifted()
    target = Target(name="default", url=Url(api.url), api_key=Secret("demo:demo-secret"), api_tier="standard")
    budget = Budget(clock=clock, tier="standard", share=0.5)
    walks: list[Callable[[], None]] = []

    def keep(work: Callable[[], None]) -> Wait:
        walks.append(work)
        work()
        return lambda _: None

    transport = HttpTransport(target, Watchdog())
    instances = InstanceList(
        Api(target, budget, Silent(), transport, clock), "auto", structlog.get_logger(), run=keep
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
