"""Assessments of databases whose backups are those of the last walk."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups import Inventory, KnownAssessments, Rules, assess
from exporter.config import Exclusion, ExpectedInstance, Objective, PositiveDuration
from exporter.records import Backup
from exporter.results import Snapshot, WalkResult
from tests.support.builders import NOON, backup
from tests.support.oracles import STATUSES

NOW = NOON.timestamp() + 3600
OWNERS = ("one", "one", "one", "two", None)
BACKUPS = st.builds(
    Backup,
    id=st.integers(0, 6).map(str),
    status=st.sampled_from(["COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "BUILDING"]),
    created_at=st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    instance_id=st.sampled_from(OWNERS),
    parent_id=st.none() | st.integers(0, 7).map(str),
    size=st.none() | st.sampled_from([1.0, 2.5]),
    name=st.sampled_from([None, "nightly"]),
    location_ref=st.sampled_from([None, None, "cinder://volume"]),
)
CHANGES = st.lists(BACKUPS | st.integers(0, 6).map(str), max_size=2)
"""A backup that is new or replaces the one of its id; the id of one that is deleted."""
INVENTORIES = [
    Inventory.of([ExpectedInstance("one", name), ExpectedInstance("idle")], None)
    for name in ("orders", "stock")
]
RULES = [
    Rules(STATUSES, [Objective()], bytes_per_unit=None),
    Rules(STATUSES, [Objective(min_retention=PositiveDuration(60.0))]),
    Rules(STATUSES, [Objective()], exclude=[Exclusion(backup_name="night*")]),
    Rules(STATUSES, [Objective()], chains="follow"),
]


def snapshot_of(
    backups: Iterable[Backup],
    known: KnownAssessments | None = None,
    inventory: Inventory = INVENTORIES[0],
    rules: Rules = RULES[0],
) -> Snapshot:
    """Assess a list of backups, each of which is a new object, as after it was decoded."""
    walked = WalkResult(
        records={one.id: replace(one) for one in backups},
        duplicates=0,
        malformed=0,
        first_malformed=None,
        reported=None,
        limit=0,
    )
    return assess(walked, inventory, rules, NOW, known)


def incremental(name: int, parent: int, instance_id: str = "one") -> Backup:
    """Make a backup that builds on another one."""
    return backup(name, parent_id=str(parent), instance_id=instance_id)


def failed(name: int, instance_id: str = "one") -> Backup:
    """Make a backup that cannot be used."""
    return backup(name, status="FAILED", instance_id=instance_id)


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ([backup(1, instance_id="two"), incremental(2, 1)], failed(1, instance_id="two")),
        ([backup(1), incremental(2, 1, "two"), incremental(3, 2)], failed(1)),
        ([backup(1), incremental(2, 1, "two"), incremental(3, 2), incremental(4, 3)], failed(1)),
        ([incremental(2, 1)], backup(1, instance_id="two")),
        ([failed(1, instance_id="two"), incremental(2, 1)], incremental(3, 1)),
        ([incremental(2, 1), incremental(3, 1, "two")], incremental(4, 1, "two")),
        ([failed(1), incremental(2, 1)], backup(3, instance_id="two")),
        ([incremental(1, 2, "two"), incremental(2, 1, "two")], incremental(3, 2)),
        ([incremental(1, 2, "two"), incremental(2, 1, "two"), incremental(3, 2)], backup(3)),
        (
            [backup(1, size=5.0), backup(2, instance_id="two", size=2e6)],
            backup(2, instance_id="two", size=0.5),
        ),
    ],
)
@pytest.mark.parametrize("rules", RULES)
def test_what_changes_elsewhere_counts(before: list[Backup], change: Backup, rules: Rules) -> None:
    """The parent of a backup, or its parent; what else needs it or leads into its cycle; the sizes' unit."""
    known = KnownAssessments()
    snapshot_of(before, known, rules=rules)
    after = [one for one in before if one.id != change.id] + [change]

    assert snapshot_of(after, known, rules=rules) == snapshot_of(after, rules=rules)
    assert snapshot_of(before, known, rules=rules) == snapshot_of(before, rules=rules)


def test_a_backup_that_is_left_out_by_its_name_counts_as_a_parent() -> None:
    """It is in no group that could show its change."""
    rules, known = (
        Rules(STATUSES, [Objective()], exclude=[Exclusion(backup_name="night*")]),
        KnownAssessments(),
    )
    parent, child = replace(backup(1), name="nightly"), incremental(2, 1)
    snapshot_of([parent, child], known, rules=rules)
    after = [replace(parent, status="FAILED"), child]

    assert snapshot_of(after, known, rules=rules) == snapshot_of(after, rules=rules)


def test_only_databases_that_have_changed_are_assessed() -> None:
    """The others get the same assessment; those that are gone are forgotten."""
    whole = [backup(1), incremental(2, 1), backup(3, instance_id="two")]
    known = KnownAssessments()
    first = snapshot_of(whole, known)
    changed = snapshot_of([*whole[:2], backup(4, instance_id="two")], known)
    kept = [before is after for before, after in zip(first.assessments, changed.assessments, strict=True)]
    snapshot_of(whole[2:], known, Inventory.of((), None))

    assert [database.instance_id for database in first.assessments] == ["idle", "one", "two"]
    assert kept == [True, True, False]
    assert list(known) == ["two"]


def test_the_backups_of_the_last_walk_are_not_kept() -> None:
    """Equal ones of this walk take their place, so that no backup is in memory twice."""
    known = KnownAssessments()
    snapshot_of([backup(1)], known)
    first = known["one"].backups[0][0]
    snapshot_of([backup(1)], known)

    assert known["one"].backups[0][0] is not first


@given(
    st.lists(BACKUPS, max_size=7),
    st.lists(
        st.tuples(
            CHANGES,
            st.sampled_from([*INVENTORIES[:1] * 3, *INVENTORIES]),
            st.sampled_from([*RULES[:1] * 4, *RULES]),
        ),
        max_size=5,
    ),
)
def test_every_snapshot_is_that_of_an_assessment_without_a_past(
    backups: list[Backup], walks: list[tuple[list[Backup | str], Inventory, Rules]]
) -> None:
    """Whatever has changed: backups, in this database or in that of a parent, names or objectives."""
    current, known = {one.id: one for one in backups}, KnownAssessments()
    for changes, inventory, rules in [([], INVENTORIES[0], RULES[0]), *walks]:
        for change in changes:
            if isinstance(change, Backup):
                current[change.id] = change
            else:
                current.pop(change, None)
        snapshot = snapshot_of(current.values(), known, inventory, rules)
        assert snapshot == snapshot_of(current.values(), None, inventory, rules)
