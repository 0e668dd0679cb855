"""Whether each known database can be restored."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.backups.assessment import assess_databases
from exporter.backups.chains import Chains
from exporter.backups.grouping import group_backups
from exporter.backups.inventory import Inventory
from exporter.backups.rules import Rules
from exporter.config import NEVER, Config, ExpectedInstance, Match, MaxDuration, Objective, Statuses
from exporter.records import Backup, Datastore, Instance, Reference
from exporter.results import (
    AppliedObjective,
    Attempt,
    ChainLink,
    DatabaseAssessment,
    Gaps,
    NewestChain,
    Outcome,
)
from tests.support.builders import NOON, backup

DEFAULTS = Config().objectives
DAY = 30 * 3600.0


def assess_all(
    backups: Sequence[Backup], inventory: Inventory, rules: Rules
) -> tuple[DatabaseAssessment, ...]:
    """Assess these backups."""
    chains = Chains({record.id: record for record in backups}, rules.statuses)
    return assess_databases(group_backups(backups), chains, inventory, rules)


def assessed(
    *backups: Backup, inventory: Inventory | None = None, rules: Rules | None = None
) -> dict[str, DatabaseAssessment]:
    """Assess these backups; return the assessments by instance id."""
    assessments = assess_all(
        backups, inventory or Inventory({}, None), rules or Rules(Statuses(), DEFAULTS, bytes_per_unit=10)
    )
    return {assessment.instance_id: assessment for assessment in assessments}


def inventory(
    *listed: Instance, expected: tuple[ExpectedInstance, ...] = (), is_listed: bool = True
) -> Inventory:
    """Make an inventory of these instances."""
    return Inventory(
        {instance.id: instance for instance in expected},
        {instance.id: instance for instance in listed} if is_listed else None,
    )


def at(minutes: float) -> float:
    """Return the Unix time of some minutes after noon."""
    return (NOON + timedelta(minutes=minutes)).timestamp()


def test_says_all_of_an_instance_with_a_chain() -> None:
    """The assessment has counts, times, lengths and sizes of a full backup and its incrementals."""
    assessment = assessed(
        backup(0, size=5.0, datastore=Datastore("redis")),
        backup(1, parent_id="0", size=1.0),
        backup(2, parent_id="1", size=2.0),
        backup(3, parent_id="2", status="BUILDING"),
        backup(4, status="NEW"),
    )

    assert assessment == {
        "one": DatabaseAssessment(
            instance_id="one",
            datastore_type="redis",
            restorable_backups=3,
            restorable_newest_timestamp=at(2),
            restorable_oldest_timestamp=at(0),
            usable_newest_timestamp=at(2),
            gaps=Gaps.of([at(1)], [at(2)]),
            newest_chain_length=3,
            newest_full_timestamp=at(0),
            newest_full_size_bytes=50.0,
            running_oldest_timestamp=at(3),
            last_attempt_failed=False,
            objective=AppliedObjective(age=DAY, duration=6 * 3600.0),
            chain=NewestChain(
                tuple(ChainLink(name, status="COMPLETED", created_at=at(int(name))) for name in "210")
            ),
            timeline=assessment["one"].timeline,
        )
    }
    assert list(assessment["one"].timeline) == [
        Attempt(at(0), Outcome.FULL),
        Attempt(at(1), Outcome.INCREMENTAL),
        Attempt(at(2), Outcome.INCREMENTAL),
        Attempt(at(3), Outcome.RUNNING),
        Attempt(at(4), Outcome.RUNNING),
    ]


def test_backups_with_a_broken_chain_are_not_restorable() -> None:
    """Usable backups on a failed parent are counted with their reason, and are not restorable."""
    assessment = assessed(
        backup(0),
        backup(1, status="FAILED"),
        backup(2, parent_id="1"),
        backup(3, parent_id="2"),
        backup(4, parent_id="gone"),
    )["one"]

    assert assessment.restorable_backups == 1
    assert assessment.restorable_newest_timestamp == at(0)
    assert assessment.unrestorable_by_reason == (("parent_failed", 2), ("parent_missing", 1))
    assert assessment.last_attempt_failed is False


def test_the_newest_finished_attempt_counts() -> None:
    """Running backups and statuses of the class `other` do not count as the last attempt."""
    assessment = assessed(
        backup(0),
        backup(1, status="FAILED"),
        backup(2, status="DELETING"),
        backup(3, status="BUILDING"),
    )["one"]

    assert assessment.last_attempt_failed is True


@pytest.mark.parametrize("step", [1, -1])
def test_of_those_created_at_once_the_greatest_id_is_the_newest(step: int) -> None:
    """Gauges stay equal if the API lists the backups in another order."""
    twins = [backup(name, created_at=NOON, size=size) for name, size in (("a", 1.0), ("b", 2.0))]
    assessments = assessed(backup("0", created_at=NOON - timedelta(hours=1)), *twins[::step])

    assert assessments["one"].newest_full_size_bytes == 20


def test_unknown_values_are_none() -> None:
    """An instance whose only backup is running has no restorable backup, and no facts about one."""
    assessment = assessed(backup(0, status="BUILDING", size=None))["one"]

    assert assessment.restorable_backups == 0
    assert assessment.restorable_newest_timestamp is None
    assert assessment.newest_full_size_bytes is None
    assert assessment.last_attempt_failed is None
    assert assessment.datastore_type == "unknown"


def test_a_backup_of_no_instance_is_left_out_but_can_be_a_parent() -> None:
    """A backup imported from another region has no instance, and backups can still build on it."""
    assessments = assessed(backup(0, instance_id=None, status="RESTORED"), backup(1, parent_id="0"))

    assert list(assessments) == ["one"]
    assert assessments["one"].newest_chain_length == 2
    assert assessments["one"].newest_full_timestamp is None


class TestKnownInstances:
    """Which instances are known, and what is known of them."""

    def test_one_without_backups_has_zero(self) -> None:
        """A listed or configured instance has 0 restorable backups and an objective."""
        known = inventory(
            Instance("listed", name="orders-db", datastore=Datastore("mysql", "8.0")),
            expected=(ExpectedInstance("configured", "wiki-db", "redis"),),
        )

        assessments = assessed(inventory=known)

        assert assessments["listed"].restorable_backups == assessments["configured"].restorable_backups == 0
        assert assessments["listed"].instance_name == "orders-db"
        assert assessments["listed"].datastore_version == "8.0"
        assert assessments["configured"].instance_name == "wiki-db"
        assert assessments["configured"].objective.age == assessments["listed"].objective.age == DAY

    @pytest.mark.parametrize(
        ("listed", "expected", "kind"),
        [
            (Datastore("mysql"), "redis", "mysql"),
            (Datastore(None), "redis", "redis"),
            (None, None, "mongodb"),
        ],
    )
    def test_its_type_is_the_lists_then_the_users_then_the_newest_backups(
        self, listed: Datastore | None, expected: str | None, kind: str
    ) -> None:
        """An instance has one type, even if its backups have others."""
        known = inventory(
            Instance("one", datastore=listed), expected=(ExpectedInstance("one", None, expected),)
        )
        backups = (
            backup(0, datastore=Datastore("cassandra")),
            backup(1, datastore=Datastore("mongodb")),
            backup(2, datastore=Datastore(None)),
            backup(3),
        )

        assert assessed(*backups, inventory=known)["one"].datastore_type == kind

    def test_the_users_name_wins(self) -> None:
        """A configured name is used before a listed one."""
        listed = (Instance("one", name="listed"), Instance("two", name="listed"))
        expected = (ExpectedInstance("one", "mine"), ExpectedInstance("two"))

        assessments = assessed(inventory=inventory(*listed, expected=expected))

        assert (assessments["one"].instance_name, assessments["two"].instance_name) == ("mine", "listed")

    @pytest.mark.parametrize(
        ("known", "age"),
        [
            (inventory(Instance("other")), None),
            (inventory(Instance("one")), DAY),
            (inventory(Instance("other"), expected=(ExpectedInstance("one"),)), DAY),
            (inventory(is_listed=False), DAY),
            (inventory(Instance("one", replica_of=Reference("main"))), None),
            (inventory(Instance("one", replica_of=Reference(None))), DAY),
        ],
    )
    def test_only_current_primaries_have_objectives(self, known: Inventory, age: float | None) -> None:
        """Retired databases and replicas have no objective; without a list no database is retired."""
        assessment = assessed(backup(0), inventory=known)["one"]

        assert assessment.objective.age == age
        assert (assessment.objective.duration is None) == (age is None)
        assert assessment.restorable_backups == 1


class TestObjectives:
    """Which objective applies to an instance."""

    OBJECTIVES = (
        Objective(Match(instance_id="gone-*"), max_age=NEVER, max_duration=NEVER),
        Objective(Match(instance_name="dev-*", datastore_type="mysql"), max_age=MaxDuration(7)),
        Objective(Match(datastore_type="redis"), max_age=MaxDuration(8), max_duration=MaxDuration(9)),
    )

    @pytest.mark.parametrize(
        ("instance", "limits"),
        [
            (Instance("gone-1", name="dev-1"), (None, None)),
            (Instance("1", name="dev-1", datastore=Datastore("mysql")), (7.0, None)),
            (Instance("1", name="dev-1", datastore=Datastore("redis")), (8.0, 9.0)),
            (Instance("1", name="prod", datastore=Datastore("mysql")), (None, None)),
            (Instance("1", datastore=Datastore("mysql")), (None, None)),
        ],
    )
    def test_the_first_match_counts(self, instance: Instance, limits: tuple[float | None, ...]) -> None:
        """All patterns of an objective must match; `never` and no match set no limit."""
        rules = Rules(Statuses(), self.OBJECTIVES)

        (assessment,) = assessed(inventory=inventory(instance), rules=rules).values()

        assert (assessment.objective.age, assessment.objective.duration) == limits


BACKUPS: st.SearchStrategy[Any] = st.lists(
    st.builds(
        backup,
        st.integers(0, 30),
        status=st.sampled_from(["COMPLETED", "FAILED", "BUILDING", "ODD"]),
        parent_id=st.none() | st.integers(0, 32).map(str),
        instance_id=st.sampled_from(["one", "two", None]),
        size=st.none() | st.floats(0, 10),
        datastore=st.none() | st.builds(Datastore, st.none() | st.sampled_from(["redis", "mysql"])),
    ),
    unique_by=lambda made: made.id,
)


@given(backups=BACKUPS, data=st.data())
def test_the_order_makes_no_difference(backups: list[Backup], data: st.DataObject) -> None:
    """A shuffled list has the same assessments."""
    shuffled = data.draw(st.permutations(backups))

    assert assessed(*shuffled) == assessed(*backups)


@given(backups=BACKUPS)
def test_each_instance_is_there_once_and_its_usable_backups_are_all_counted(backups: list[Backup]) -> None:
    """The restorable and the unrestorable backups together are the usable ones."""
    assessments = assess_all(
        backups, Inventory({"extra": ExpectedInstance("extra")}, None), Rules(Statuses(), DEFAULTS)
    )

    names = [assessment.instance_id for assessment in assessments]
    usable = [made for made in backups if made.instance_id and made.status == "COMPLETED"]
    assert sorted(names) == sorted({made.instance_id for made in backups if made.instance_id} | {"extra"})
    assert len(usable) == sum(
        one.restorable_backups + sum(n for _, n in one.unrestorable_by_reason) for one in assessments
    )
