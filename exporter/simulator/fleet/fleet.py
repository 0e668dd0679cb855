"""An organization's databases and backups at any time, as a pure function of a seed and the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from exporter.records import Backup, Datastore, Instance, Reference
from exporter.simulator.fleet.ailments import EFFECTS, RETIRED_DAYS, Ailment, Days
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.fleet.databases import DATABASES, Database
from exporter.simulator.fleet.schedule import Attempt, chain, midnight
from exporter.simulator.fleet.storage import object_location

_RETENTION = timedelta(days=14)
_MAINTENANCE_DAYS = 28
_QUIET_DAYS = 8  # the days up to today on which no instance is maintained
_REPLICA = next(database for database in DATABASES if database.replica_of)


class Fleet(Struct, frozen=True):
    """A few dozen databases of all datastore types, most of them healthy.

    A backup is kept for 14 days, a full one as long as its incremental ones.

    :param databases: which databases there are.
    :param reference_day: the ordinal of the day from whose midnight (UTC) the ailments count. With one, each
        begins once and the past never changes. Without one they count from today's, so that they never age.
    """

    seed: int = 1
    databases: tuple[Database, ...] = DATABASES
    reference_day: int | None = None

    def backups(self, now: datetime) -> tuple[Backup, ...]:
        """Return the backups as of `now`'s second, newest `updated_at` first."""
        return _backups(self, now.astimezone(UTC).replace(microsecond=0))

    def instances(self, now: datetime) -> tuple[Instance, ...]:
        """Return the instances that exist, so not the retired ones."""
        days = self.days(now)
        return tuple(
            _instance(self.seed, database, now.astimezone(UTC).toordinal())
            for database in self.databases
            if database.kind != "retired" or days.today < days.reference - timedelta(days=RETIRED_DAYS)
        )

    def days(self, now: datetime) -> Days:
        """Return today's midnight, and the one from which the ailments count."""
        today = now.astimezone(UTC).toordinal()
        return Days(midnight(today), midnight(self.reference_day or today))

    @property
    def ailments(self) -> tuple[Ailment, ...]:
        """The databases that are not healthy, including the retired one and the replica."""
        return tuple(_ailment(self.seed, ailing) for ailing in self.databases if ailing.kind != "healthy")

    @property
    def healthy(self) -> tuple[str, ...]:
        """The ids of the instances whose newest restore point is never older than 26 hours."""
        return tuple(
            identifier(self.seed, database.name) for database in self.databases if database.kind == "healthy"
        )


@lru_cache(maxsize=4)
def _backups(fleet: Fleet, now: datetime) -> tuple[Backup, ...]:
    backups = [attempt.at(now) for database in fleet.databases for attempt in _shown(fleet, database, now)]
    backups.append(_imported(fleet.seed, now))
    if _REPLICA in fleet.databases:
        backups.append(_replication_snapshot(fleet.seed, now.toordinal()))
    return tuple(sorted(backups, key=attrgetter("updated_at", "id"), reverse=True))


def _shown(fleet: Fleet, database: Database, now: datetime) -> Iterator[Attempt]:
    attempts = EFFECTS[database.kind](list(_kept(fleet.seed, database, now)), fleet.days(now))
    return (attempt for attempt in attempts if attempt.start <= now)


def _kept(seed: int, database: Database, now: datetime) -> Iterator[Attempt]:
    """Yield the attempts that are not expired, and those until the end of tomorrow."""
    oldest = now - _RETENTION
    for day in range(oldest.toordinal(), now.toordinal() + 2):
        attempts = chain(seed, database, day)
        if attempts[0].start > oldest:
            yield from attempts


def _imported(seed: int, now: datetime) -> Backup:
    """Return the backup that was imported last from another region and belongs to no instance."""
    today = now.toordinal()
    moments = (_maintenance(seed, "imported", day) for day in (today, today - 1))
    moment = next(moment for moment in moments if moment <= now)
    return Backup(
        id=identifier(seed, "imported", moment.isoformat()),
        status="RESTORED",
        created_at=moment,
        updated_at=moment,
        size=round(20 + 60 * chance(seed, "imported"), 2),
        datastore=Datastore(type="postgresql", version="15.4"),
        name=f"imported-{moment:%Y-%m-%dT%H%M}",
        location_ref=object_location(identifier(seed, "imported", moment.isoformat())),
    )


def _replication_snapshot(seed: int, day: int) -> Backup:
    """Return the transient backup that Trove makes of a database to create its replica, a few hours old."""
    begin = midnight(day) - timedelta(hours=2)
    return Backup(
        id=identifier(seed, "replication snapshot", day),
        status="COMPLETED",
        created_at=begin,
        updated_at=begin + timedelta(minutes=18),
        instance_id=identifier(seed, _REPLICA.replica_of),
        size=round(_REPLICA.gib, 2),
        datastore=Datastore(type=_REPLICA.type, version=_REPLICA.version),
        name=f"Replication snapshot for {_REPLICA.name}",
    )


def _instance(seed: int, database: Database, day: int) -> Instance:
    return Instance(
        id=identifier(seed, database.name),
        name=database.name,
        datastore=Datastore(type=database.type, version=database.version),
        replica_of=Reference(id=identifier(seed, database.replica_of)) if database.replica_of else None,
        updated_at=_maintenance(seed, database.name, day - _QUIET_DAYS),
    )


def _maintenance(seed: int, name: str, day: int) -> datetime:
    """Return the latest maintenance up to the end of a day, of one every four weeks."""
    offset = int(_MAINTENANCE_DAYS * chance(seed, name, "maintenance"))
    return midnight(day - (day - offset) % _MAINTENANCE_DAYS) + timedelta(
        seconds=int(86_400 * chance(seed, name))
    )


def _ailment(seed: int, database: Database) -> Ailment:
    return Ailment(
        kind=database.kind,
        name=database.name,
        instance_id=identifier(seed, database.name),
        datastore_type=database.type,
        story=database.story,
    )
