"""A fleet keeps its promises at any time and with any seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy, datetimes, floats, integers, just

from exporter.records import Backup
from exporter.simulator import Ailment, Fleet
from exporter.simulator.fleet.databases import Kind

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments: SearchStrategy[datetime] = datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
seeds = integers(0, 1000)
anyhow = settings(max_examples=8, deadline=None)


class Seen:
    """A fleet's backups at one time."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.now = now
        self.fleet = Fleet(seed)
        self.backups = self.fleet.backups(now)
        self.by_id = {backup.id: backup for backup in self.backups}

    def of(self, instance_id: str) -> list[Backup]:
        """Return an instance's backups, newest first."""
        return [backup for backup in self.backups if backup.instance_id == instance_id]

    def with_ailment(self, kind: Kind) -> Iterator[tuple[Ailment, list[Backup]]]:
        """Return the databases of a kind, each with its backups."""
        return (
            (ailment, self.of(ailment.instance_id)) for ailment in self.fleet.ailments if ailment.kind == kind
        )

    def restorable(self, backup: Backup | None) -> bool:
        """Return whether a backup and all its ancestors completed."""
        while backup is not None and backup.status == "COMPLETED":
            if backup.parent_id is None:
                return True
            backup = self.by_id.get(backup.parent_id)
        return False

    def ancestry(self, backup: Backup | None) -> Iterator[Backup]:
        """Yield a backup and the backups that its restore reads."""
        while backup is not None:
            yield backup
            backup = self.by_id.get(backup.parent_id or "")

    def age(self, instance_id: str) -> timedelta:
        """Return the age of an instance's newest restorable backup; infinite if there is none."""
        created = [backup.created_at for backup in self.of(instance_id) if self.restorable(backup)]
        return self.now - max(created) if created else timedelta.max


@anyhow
@given(seeds, moments)
def test_healthy_databases_can_always_be_restored(seed: int, now: datetime) -> None:
    """A healthy database always has a restorable backup of the last 26 hours."""
    seen = Seen(seed, now)

    assert len(seen.fleet.healthy) > 12
    assert all(seen.age(instance_id) < 26 * HOUR for instance_id in seen.fleet.healthy)


@anyhow
@given(seeds, moments)
def test_retention_never_breaks_a_healthy_chain(seed: int, now: datetime) -> None:
    """Every completed backup of a healthy database is restorable until it expires."""
    seen = Seen(seed, now)
    completed = [b for name in seen.fleet.healthy for b in seen.of(name) if b.status == "COMPLETED"]

    assert all(seen.restorable(backup) for backup in completed)
    assert max(now - backup.created_at for backup in completed) <= timedelta(days=14)


@anyhow
@given(seeds, moments, floats(0, 1))
def test_a_backup_keeps_its_identity(seed: int, now: datetime, share: float) -> None:
    """A backup keeps its id, start, parent and instance until it expires."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    later = Seen(seed, max(now, midnight + 24 * HOUR * share - timedelta(seconds=1)))
    due = later.now - timedelta(days=13)
    before = [backup for backup in Fleet(seed).backups(now) if backup.created_at > due]

    assert all(identity(later.by_id[backup.id]) == identity(backup) for backup in before)


def identity(backup: Backup) -> tuple[object, ...]:
    """Return what never changes about a backup."""
    return backup.created_at, backup.instance_id, backup.parent_id, backup.datastore


@anyhow
@given(seeds, moments)
def test_the_list_is_newest_first(seed: int, now: datetime) -> None:
    """Update times descend, none is in the future, and no id is repeated."""
    seen = Seen(seed, now)
    changes = [backup.updated_at for backup in seen.backups if backup.updated_at]

    assert len(changes) == len(seen.by_id) == len(seen.backups)
    assert changes == sorted(changes, reverse=True)
    assert max(changes) <= now


@anyhow
@given(seeds, moments)
def test_every_ailment_has_its_symptoms(seed: int, now: datetime) -> None:
    """At any time every ailing database shows the symptoms of its kind."""
    seen = Seen(seed, now)

    for ailment, backups in seen.with_ailment("stale"):
        assert timedelta(days=3) <= seen.age(ailment.instance_id) < timedelta(days=5.1)
        assert {backup.status for backup in backups} <= {"COMPLETED", "FAILED"}
    for ailment, backups in seen.with_ailment("failing"):
        assert 26 * HOUR < seen.age(ailment.instance_id) < 60 * HOUR
        assert next(b.status for b in backups if b.status not in {"NEW", "BUILDING", "SAVING"}) == "FAILED"
    for _, backups in seen.with_ailment("stuck"):
        assert backups[0].status == "BUILDING"
        assert 8 * HOUR <= now - backups[0].created_at < 38 * HOUR
    for _, backups in seen.with_ailment("retired"):
        assert timedelta(days=7) <= now - backups[0].created_at < timedelta(days=9)
    for kind in ("never", "replica"):
        assert [backups for _, backups in seen.with_ailment(kind)] == [[]]


@anyhow
@given(seeds, moments)
def test_broken_chains_miss_a_full_backup_or_have_a_failed_one(seed: int, now: datetime) -> None:
    """Some incremental backups depend on a failed full backup, others on one that is gone."""
    seen = Seen(seed, now)
    ((ailment, backups),) = seen.with_ailment("broken_chain")
    broken = [b for b in backups if b.status == "COMPLETED" and not seen.restorable(b)]
    bases = [seen.by_id.get(b.parent_id or "") for b in broken]

    assert seen.age(ailment.instance_id) >= timedelta(days=3)
    assert None in bases
    assert "FAILED" in {base.status for base in bases if base}


@anyhow
@given(seeds, moments)
def test_special_databases_have_their_features(seed: int, now: datetime) -> None:
    """At any time: a gap of a day, a chain of more than twenty backups, a short retention."""
    seen = Seen(seed, now)
    ((_, gap),) = seen.with_ailment("gap")
    ((_, long_chain),) = seen.with_ailment("long_chain")
    ((_, short),) = seen.with_ailment("short_retention")
    newest = next(backup for backup in long_chain if seen.restorable(backup))

    assert 24 * HOUR <= max(distances(gap)) < 48 * HOUR
    assert max(distances(long_chain)) < 12 * HOUR
    assert len(list(seen.ancestry(newest))) > 20
    assert timedelta(days=2) < now - short[-1].created_at <= timedelta(days=4)
    for backups in (gap, long_chain, short):
        assert all(seen.restorable(backup) for backup in backups if backup.status == "COMPLETED")
        assert now - max(b.created_at for b in backups if seen.restorable(b)) < 12 * HOUR


def distances(backups: list[Backup]) -> Iterator[timedelta]:
    """Yield the distances between completed backups, which are newest first."""
    created = sorted(backup.created_at for backup in backups if backup.status == "COMPLETED")
    return (later - earlier for earlier, later in pairwise(created))


@anyhow
@given(seeds, moments)
def test_only_the_cinder_fleet_has_snapshots_of_volumes(seed: int, now: datetime) -> None:
    """Their size is 0 until the snapshot exists, and then whole GiB; they name parents that are gone."""
    seen = Seen(seed, now)
    ((ailment, snapshots),) = seen.with_ailment("cinder")
    completed = [backup for backup in snapshots if backup.status == "COMPLETED"]
    running = [backup for backup in snapshots if backup.status in {"NEW", "BUILDING", "SAVING"}]

    assert all(backup.is_cinder_snapshot for backup in completed)
    assert all(backup.size is not None and backup.size == int(backup.size) > 0 for backup in completed)
    assert all(backup.size == 0 for backup in running)
    assert all(backup.parent_id for backup in completed)
    assert not any(seen.restorable(backup) for backup in completed)
    assert {b.instance_id for b in seen.backups if b.is_cinder_snapshot} == {ailment.instance_id}


@anyhow
@given(seeds, moments)
def test_one_backup_was_made_for_a_replica(seed: int, now: datetime) -> None:
    """Trove names it so; the other backups are named after their database and time."""
    seen = Seen(seed, now)
    names = {instance.id: instance.name for instance in seen.fleet.instances(now)}
    (snapshot,) = [b for b in seen.backups if b.name and b.name.startswith("Replication snapshot for ")]
    others = [backup for backup in seen.backups if backup.instance_id in names and backup is not snapshot]

    assert snapshot.name == "Replication snapshot for orders-db-replica"
    assert names[snapshot.instance_id or ""] == "orders-db"
    assert 2 * HOUR <= now - snapshot.created_at < 27 * HOUR
    assert all(b.name == f"{names[b.instance_id or '']}-{b.created_at:%Y-%m-%dT%H%M}" for b in others)


@anyhow
@given(moments)
def test_one_backup_was_imported(now: datetime) -> None:
    """One backup is RESTORED and belongs to no instance."""
    (imported,) = [backup for backup in Fleet().backups(now) if backup.instance_id is None]

    assert imported.status == "RESTORED"
    assert imported.parent_id is None


@given(moments)
@settings(deadline=None)
def test_retired_instances_are_not_listed(now: datetime) -> None:
    """All but the retired of its instances are listed; one is a replica."""
    fleet = Fleet()
    instances = fleet.instances(now)
    listed = {instance.id for instance in instances}

    assert {instance.datastore.type for instance in instances if instance.datastore} == {
        "mysql",
        "mariadb",
        "postgresql",
        "mongodb",
        "redis",
        "cassandra",
    }
    assert all(
        instance.updated_at and now - instance.updated_at > timedelta(days=7) for instance in instances
    )
    assert [ailment.kind for ailment in fleet.ailments if ailment.instance_id not in listed] == ["retired"]
    assert [i.replica_of.id in listed for i in instances if i.replica_of] == [True]


def test_every_kind_of_ailment_has_a_story() -> None:
    """Every kind occurs, and every story is a sentence."""
    ailments = Fleet().ailments

    assert {ailment.kind for ailment in ailments} == {
        "stale",
        "failing",
        "stuck",
        "broken_chain",
        "never",
        "gap",
        "long_chain",
        "short_retention",
        "cinder",
        "retired",
        "replica",
    }
    assert all(ailment.story.endswith(".") for ailment in ailments)


def test_the_list_changes_every_half_hour() -> None:
    """The list changes within every half hour of a day."""
    halves = [Fleet().backups(NOW + half * HOUR / 2) for half in range(48)]

    assert len(set(halves)) == len(halves)


def test_the_list_is_cached_for_a_second() -> None:
    """Calls within the same second return the same tuple."""
    fleet = Fleet()

    assert fleet.backups(NOW) is fleet.backups(NOW.replace(microsecond=999_999))


@pytest.mark.parametrize("seed", [2, 3])
def test_fleets_of_different_seeds_share_no_id(seed: int) -> None:
    """Fleets of different seeds share no id."""
    ids = {backup.id for backup in Fleet(seed).backups(NOW)}

    assert ids.isdisjoint(backup.id for backup in Fleet().backups(NOW))
