"""What the setting `exclude` leaves out."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups import Inventory, Rules, assess
from exporter.config import Config, Exclusion, Statuses
from exporter.records import Backup, Datastore, Instance
from exporter.results import Snapshot, WalkResult
from tests.support.builders import NOON, backup

RULES = Rules(Statuses(), Config().objectives)
LISTED = {name: Instance(name, name=f"{name}-db", datastore=Datastore("redis")) for name in ("one", "two")}


def assessed(backups: Sequence[Backup], *exclude: Exclusion) -> Snapshot:
    """Assess these backups with both instances listed."""
    walked = WalkResult(
        records={record.id: record for record in backups},
        duplicates=0,
        malformed=0,
        first_malformed=None,
        reported=len(backups),
        limit=100,
    )
    rules = replace(RULES, exclude=exclude)
    return assess(walked, Inventory.of((), LISTED), rules, completed_at=NOON.timestamp() + 86_400)


def test_by_name_it_leaves_out_backups_only() -> None:
    """The database stays, with its other backups."""
    snapshot = replace(backup(2), name="Replication snapshot for x")
    result = assessed([backup(1), snapshot], Exclusion(backup_name="Replication snapshot for *"))
    (one, two) = result.assessments

    assert (one.instance_id, one.restorable_backups, one.restorable_newest_timestamp) == (
        "one",
        1,
        backup(1).created_at.timestamp(),
    )
    assert two.instance_id == "two"
    assert (result.summary.backups, result.excluded, result.backups) == (1, 1, 2)


def test_by_instance_it_leaves_out_the_database_itself() -> None:
    """It makes no difference whether the database is listed or has backups."""
    result = assessed([backup(1)], Exclusion(instance_name="one-*"), Exclusion(instance_id="two"))

    assert result.assessments == ()
    assert (result.summary.groups, result.excluded) == ((), 1)


def test_a_type_by_itself_leaves_out_backups_of_no_known_database() -> None:
    """Backups without `instance_id` have a type, but no id or name that a pattern could match."""
    orphans = [
        replace(backup(1), instance_id=None, datastore=Datastore("redis")),
        replace(backup(2), instance_id="", datastore=Datastore("redis")),
        replace(backup(3), instance_id=None, datastore=Datastore("mysql")),
        replace(backup(4), instance_id=None, datastore=None),
    ]

    assert assessed(orphans, Exclusion(datastore_type="redis")).excluded == 2
    assert assessed(orphans, Exclusion(datastore_type="unknown")).excluded == 1
    assert assessed(orphans, Exclusion(datastore_type="*", instance_id="*")).excluded == 0
    assert assessed(orphans, Exclusion(datastore_type="redis", backup_name="x")).excluded == 0


def test_patterns_of_one_entry_must_all_match() -> None:
    """An entry with two patterns leaves out what both match."""
    named = [replace(backup(1), name="tmp"), replace(backup(2, instance_id="two"), name="tmp")]
    result = assessed(named, Exclusion(instance_id="two", backup_name="tmp", datastore_type="redis"))

    assert [one.restorable_backups for one in result.assessments] == [1, 0]


def test_an_excluded_parent_breaks_no_chain() -> None:
    """What it leaves out still resolves chains."""
    parent = replace(backup(1), name="hidden")
    (one, _) = assessed([parent, backup(2, parent_id="1")], Exclusion(backup_name="hidden")).assessments

    assert (one.restorable_backups, one.newest_chain_length, one.unrestorable_by_reason) == (1, 2, ())


def test_a_name_pattern_needs_a_known_name() -> None:
    """Without a name, nothing is left out by one."""
    result = assessed(
        [backup(1, instance_id="three")], Exclusion(instance_name="*"), Exclusion(backup_name="*")
    )

    assert [one.instance_id for one in result.assessments] == ["three"]
    assert result.excluded == 0


EXCLUSIONS = st.lists(
    st.builds(
        Exclusion,
        instance_id=st.sampled_from([None, "one", "t*"]),
        instance_name=st.sampled_from([None, "two-db", "*"]),
        datastore_type=st.sampled_from([None, "redis", "mysql"]),
        backup_name=st.sampled_from(["a", "?", "*"]),
    ),
    max_size=3,
)


@given(
    EXCLUSIONS,
    st.lists(st.tuples(st.sampled_from(["one", "two", None]), st.sampled_from([None, "a", "b"])), max_size=8),
)
def test_shown_and_excluded_backups_are_all_that_were_walked(
    exclude: list[Exclusion], drawn: list[tuple[str | None, str | None]]
) -> None:
    """No backup is lost, and none is counted twice."""
    backups = [
        replace(backup(place, instance_id=owner), name=name) for place, (owner, name) in enumerate(drawn)
    ]
    result = assessed(backups, *exclude)

    assert sum(group.count for group in result.summary.groups) + result.excluded == len(backups)
    assert result.backups == len(backups)
