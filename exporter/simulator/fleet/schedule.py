"""A database's daily chain of backups: one full backup a day, incremental ones in between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from exporter.records import Backup, Datastore
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.fleet.databases import DATABASES, Database
from exporter.simulator.fleet.storage import object_location

_GOLDEN = (5**0.5 - 1) / 2
_FAILURE_RATE = 0.04
_GROWTH_BEGAN = datetime(2024, 1, 1, tzinfo=UTC).toordinal()


class Attempt(Struct, frozen=True):
    """One backup in all its stages, from NEW to COMPLETED or FAILED; each starts at its `updated_at`."""

    stages: tuple[Backup, ...]

    @property
    def start(self) -> datetime:
        """When the backup began."""
        return self.stages[0].created_at

    @property
    def full(self) -> bool:
        """Whether this is a full backup."""
        return self.stages[0].parent_id is None

    @property
    def completes(self) -> bool:
        """Whether the backup ends usable."""
        return self.stages[-1].status == "COMPLETED"

    def at(self, now: datetime) -> Backup:
        """Return the backup at `now`, at or after its start."""
        return list(takewhile(lambda stage: _changed(stage) <= now, self.stages))[-1]

    def failing(self) -> "Attempt":
        """Return the same attempt, but one that fails."""
        return Attempt(
            (*self.stages[:-1], replace(self.stages[-1], status="FAILED", size=None, location_ref=None))
        )

    def on(self, parent: str) -> "Attempt":
        """Return the same attempt, but one that builds on another backup.

        :param parent: that backup's id.
        """
        return Attempt(tuple(replace(stage, parent_id=parent) for stage in self.stages))

    def as_cinder_snapshot(self) -> "Attempt":
        """Return the same attempt, but as a snapshot of the volume.

        In Trove, its size is 0 until the snapshot exists, and then the volume's in whole GiB.
        """
        return Attempt(tuple(map(_as_cinder_snapshot, self.stages)))


def _as_cinder_snapshot(stage: Backup) -> Backup:
    if stage.status != "COMPLETED":
        return replace(stage, size=None if stage.status == "FAILED" else 0.0)
    location = f"cinder://{identifier(stage.instance_id, 'volume')}/{identifier(stage.id, 'snapshot')}"
    return replace(stage, size=float(ceil(stage.size or 0)), location_ref=location)


def midnight(day: int) -> datetime:
    """Return the start of a day (an ordinal as in `datetime.fromordinal`) in UTC."""
    return datetime.fromordinal(day).replace(tzinfo=UTC)


@lru_cache(maxsize=8192)
def chain(seed: int, database: Database, day: int) -> tuple[Attempt, ...]:
    """Return the full backup that begins on `day`, and its incremental ones."""
    return tuple(_attempts(seed, database, day))


def _attempts(seed: int, database: Database, day: int) -> Iterator[Attempt]:
    begin = midnight(day) + _phase(seed, database)
    parent = None
    for turn in range(24 // database.every):
        attempt = _attempt(seed, database, begin + timedelta(hours=turn * database.every), parent)
        if _fails(seed, attempt, turn):
            yield attempt.failing()
        else:
            yield attempt
            parent = attempt.stages[0].id


def _phase(seed: int, database: Database) -> timedelta:
    """Return when in its interval a database's backups begin, spread so that one begins every few minutes."""
    turn = int(24 / database.every * chance(seed, database.name, "phase"))
    share = (chance(seed, "phase") + _GOLDEN * _place(database)) % 1
    return timedelta(seconds=int((turn + share) * database.every * 3600))


@lru_cache(maxsize=1024)
def _place(database: Database) -> int:
    """Return a database's place in the table; of another one, a number that depends on its name."""
    return DATABASES.index(database) if database in DATABASES else int(10_000 * chance(database.name))


def _fails(seed: int, attempt: Attempt, turn: int) -> bool:
    """Return whether an attempt fails: only odd turns do, so no full backup and no two in a row."""
    return turn % 2 == 1 and chance(seed, attempt.stages[0].id, "fails") < _FAILURE_RATE


def _attempt(seed: int, database: Database, start: datetime, parent: str | None) -> Attempt:
    new = Backup(
        id=identifier(seed, database.name, start.isoformat()),
        status="NEW",
        created_at=start,
        updated_at=start,
        instance_id=identifier(seed, database.name),
        parent_id=parent,
        datastore=Datastore(type=database.type, version=database.version),
        name=f"{database.name}-{start:%Y-%m-%dT%H%M}",
    )
    return Attempt((new, *_later_stages(new, _seconds(seed, database, new), _gib(seed, database, new))))


def _later_stages(new: Backup, seconds: int, gib: float) -> Iterator[Backup]:
    """Yield a new backup's later stages, if it completes `seconds` after its start."""
    start = new.created_at
    yield replace(new, status="BUILDING", updated_at=start + timedelta(seconds=5 + seconds % 15))
    yield replace(new, status="SAVING", updated_at=start + timedelta(seconds=seconds * 17 // 20))
    yield replace(
        new,
        status="COMPLETED",
        updated_at=start + timedelta(seconds=seconds),
        size=gib,
        location_ref=object_location(new.id),
    )


def _seconds(seed: int, database: Database, new: Backup) -> int:
    """Return the duration: 10 minutes to an hour for a full backup, a fifth of that for an incremental."""
    pace = 750 + 2850 * chance(seed, database.name, "pace")
    share = 1 if new.parent_id is None else 0.2
    return int(pace * share * (0.8 + 0.2 * chance(seed, new.id, "seconds")))


def _gib(seed: int, database: Database, new: Backup) -> float:
    """Return the used size of the volume in GiB, two decimals, as Trove reports it for every backup."""
    days = max(new.created_at.toordinal() - _GROWTH_BEGAN, 0)
    noise = 0.99 + 0.02 * chance(seed, new.id, "size")
    return round(database.gib * (1 + database.growth * days) * noise, 2)


def _changed(stage: Backup) -> datetime:
    return stage.updated_at or stage.created_at
