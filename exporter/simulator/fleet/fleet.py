"""A whole organization's databases and backups at any moment, as a pure function of a seed and the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from exporter.records import Backup, Datastore, Instance, Reference
from exporter.simulator.fleet.ailments import COURSES, Ailment
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.fleet.instances import ROSTER, Member
from exporter.simulator.fleet.schedule import Attempt, chain, midnight

_RETENTION = timedelta(days=14)
_MAINTENANCE_DAYS = 28


class Fleet(Struct, frozen=True):
    """Two dozen databases over all datastore types, most of them healthy; stateless: ask about any `now`.

    Backups are kept for 14 days, a full one together with the incrementals that build on it.
    """

    seed: int = 1

    def backups(self, now: datetime) -> tuple[Backup, ...]:
        """Return the backups as of `now`'s second, newest `updated_at` first."""
        return _backups(self.seed, now.astimezone(UTC).replace(microsecond=0))

    def instances(self, now: datetime) -> tuple[Instance, ...]:
        """Return the instances, without the retired ones."""
        day = now.astimezone(UTC).toordinal()
        return tuple(_instance(self.seed, member, day) for member in ROSTER if member.kind != "retired")

    @property
    def sick(self) -> tuple[Ailment, ...]:
        """The databases that are not as the others, among them the retired one and the replica."""
        return tuple(_sick(self.seed, member) for member in ROSTER if member.kind != "healthy")

    @property
    def healthy(self) -> tuple[str, ...]:
        """The ids of the instances that can be restored to less than 26 hours ago, at any moment."""
        return tuple(identifier(self.seed, member.name) for member in ROSTER if member.kind == "healthy")


@lru_cache(maxsize=4)
def _backups(seed: int, now: datetime) -> tuple[Backup, ...]:
    found = [attempt.at(now) for member in ROSTER for attempt in _shown(seed, member, now)]
    found.append(_imported(seed, now.toordinal()))
    return tuple(sorted(found, key=attrgetter("updated_at", "id"), reverse=True))


def _shown(seed: int, member: Member, now: datetime) -> Iterator[Attempt]:
    begun = [attempt for attempt in _kept(seed, member, now) if attempt.start <= now]
    yield from COURSES[member.kind](begun, midnight(now.toordinal()))


def _kept(seed: int, member: Member, now: datetime) -> Iterator[Attempt]:
    oldest = now - _RETENTION
    for day in range(oldest.toordinal(), now.toordinal() + 1):
        attempts = chain(seed, member, day)
        if attempts[0].start > oldest:
            yield from attempts


def _imported(seed: int, day: int) -> Backup:
    """Return the backup that was imported from another region and so belongs to no instance."""
    moment = _maintenance(seed, "imported", day)
    return Backup(
        id=identifier(seed, "imported", moment.isoformat()),
        status="RESTORED",
        created_at=moment - timedelta(minutes=11),
        updated_at=moment,
        size=round(20 + 60 * chance(seed, "imported"), 2),
        datastore=Datastore(type="postgresql", version="15.4"),
    )


def _instance(seed: int, member: Member, day: int) -> Instance:
    return Instance(
        id=identifier(seed, member.name),
        name=member.name,
        datastore=Datastore(type=member.type, version=member.version),
        replica_of=Reference(id=identifier(seed, member.replica_of)) if member.replica_of else None,
        updated_at=_maintenance(seed, member.name, day),
    )


def _maintenance(seed: int, name: str, day: int) -> datetime:
    """Return the last of the moments, four weeks apart, that is more than a week ago."""
    offset = int(_MAINTENANCE_DAYS * chance(seed, name, "maintenance"))
    past = day - 8
    return midnight(past - (past - offset) % _MAINTENANCE_DAYS) + timedelta(
        seconds=int(86_400 * chance(seed, name))
    )


def _sick(seed: int, member: Member) -> Ailment:
    return Ailment(
        kind=member.kind,
        name=member.name,
        instance_id=identifier(seed, member.name),
        datastore_type=member.type,
        story=member.story,
    )
