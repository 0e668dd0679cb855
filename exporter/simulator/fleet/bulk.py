"""Large lists for benchmarks: any number of backups of any number of instances, which never change."""

from datetime import UTC, datetime, timedelta

from exporter.records import Backup, Datastore, Instance
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.fleet.storage import object_location

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
_TYPES = ("mysql", "mariadb", "postgresql", "mongodb", "redis", "cassandra")
_CHAIN = 7
_BETWEEN = timedelta(hours=4)
_FAILURE_RATE = 0.02


def bulk_backups(backups: int, instances: int, seed: int = 1, until: datetime = UNTIL) -> tuple[Backup, ...]:
    """Return `backups` backups, newest first: each instance has one every four hours, in chains of seven."""
    newest = backups - 1
    return tuple(
        _backup(seed, place, instances, until - (newest - place) * _BETWEEN / instances)
        for place in range(newest, -1, -1)
    )


def bulk_instances(instances: int, seed: int = 1) -> tuple[Instance, ...]:
    """Return the instances that `bulk_backups` has backups of."""
    return tuple(
        Instance(
            id=_host(seed, place),
            name=f"database-{place:04}",
            datastore=_datastore(place),
            updated_at=UNTIL - timedelta(days=30),
        )
        for place in range(instances)
    )


def _backup(seed: int, place: int, instances: int, moment: datetime) -> Backup:
    full = place // instances % _CHAIN == 0
    failed = chance(seed, place) < _FAILURE_RATE
    return Backup(
        id=identifier(seed, "backup", place),
        status="FAILED" if failed else "COMPLETED",
        created_at=moment - timedelta(minutes=12),
        updated_at=moment,
        instance_id=_host(seed, place % instances),
        parent_id=None if full else identifier(seed, "backup", place - instances),
        size=None if failed else round(1 + 200 * chance(seed, "size", place), 2),
        datastore=_datastore(place % instances),
        name=f"database-{place % instances:04}-{moment:%Y-%m-%dT%H%M}",
        location_ref=None if failed else object_location(identifier(seed, "backup", place)),
    )


def _host(seed: int, place: int) -> str:
    return identifier(seed, "instance", place)


def _datastore(place: int) -> Datastore:
    return Datastore(type=_TYPES[place % len(_TYPES)], version=f"{place % 9 + 4}.{place % 3}")
