"""A database's daily chain of backups: a full one at its own hour, incrementals between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from exporter.records import Backup, Datastore
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.fleet.instances import ROSTER, Member

_GOLDEN = (5**0.5 - 1) / 2
_FAILURE_RATE = 0.04
_GROWTH_PER_DAY = 0.0005
_GROWTH_BEGAN = datetime(2024, 1, 1, tzinfo=UTC).toordinal()


class Attempt(Struct, frozen=True):
    """One backup in all its stages, from NEW to COMPLETED or FAILED, each from its `updated_at` on."""

    stages: tuple[Backup, ...]

    @property
    def start(self) -> datetime:
        """The moment at which the backup began."""
        return self.stages[0].created_at

    @property
    def full(self) -> bool:
        """Whether the backup builds on no other."""
        return self.stages[0].parent_id is None

    @property
    def completes(self) -> bool:
        """Whether the backup will be usable in the end."""
        return self.stages[-1].status == "COMPLETED"

    def at(self, now: datetime) -> Backup:
        """Return the backup as it is at `now`, which is not before its start."""
        return list(takewhile(lambda stage: _changed(stage) <= now, self.stages))[-1]

    def failing(self) -> "Attempt":
        """Return the same attempt with a bad end."""
        return Attempt((*self.stages[:-1], replace(self.stages[-1], status="FAILED", size=None)))


def midnight(day: int) -> datetime:
    """Return the moment at which a day (a proleptic ordinal) begins in UTC."""
    return datetime.fromordinal(day).replace(tzinfo=UTC)


@lru_cache(maxsize=8192)
def chain(seed: int, member: Member, day: int) -> tuple[Attempt, ...]:
    """Return the full backup that begins on `day` and the incrementals until the next."""
    return tuple(_attempts(seed, member, day))


def _attempts(seed: int, member: Member, day: int) -> Iterator[Attempt]:
    begin = midnight(day) + _phase(seed, member)
    parent = None
    for turn in range(24 // member.every):
        attempt = _attempt(seed, member, begin + timedelta(hours=turn * member.every), parent)
        if _fails(seed, attempt, turn):
            yield attempt.failing()
        else:
            yield attempt
            parent = attempt.stages[0].id


def _phase(seed: int, member: Member) -> timedelta:
    """Spread the members' turns by the golden ratio, so that something begins every few minutes."""
    turn = int(24 / member.every * chance(seed, member.name, "phase"))
    share = (chance(seed, "phase") + _GOLDEN * ROSTER.index(member)) % 1
    return timedelta(seconds=int((turn + share) * member.every * 3600))


def _fails(seed: int, attempt: Attempt, turn: int) -> bool:
    """Let full backups never fail, and never two in a row: the even turns are safe."""
    return turn % 2 == 1 and chance(seed, attempt.stages[0].id, "fails") < _FAILURE_RATE


def _attempt(seed: int, member: Member, start: datetime, parent: str | None) -> Attempt:
    new = Backup(
        id=identifier(seed, member.name, start.isoformat()),
        status="NEW",
        created_at=start,
        updated_at=start,
        instance_id=identifier(seed, member.name),
        parent_id=parent,
        datastore=Datastore(type=member.type, version=member.version),
    )
    seconds = _seconds(seed, member, new)
    return Attempt(
        (
            new,
            replace(new, status="BUILDING", updated_at=start + timedelta(seconds=5 + seconds % 15)),
            replace(new, status="SAVING", updated_at=start + timedelta(seconds=seconds * 17 // 20)),
            replace(
                new,
                status="COMPLETED",
                updated_at=start + timedelta(seconds=seconds),
                size=_gib(seed, member, new),
            ),
        )
    )


def _seconds(seed: int, member: Member, new: Backup) -> int:
    """Take 10 minutes to an hour for a full backup, a fifth of that for an incremental."""
    pace = 750 + 2850 * chance(seed, member.name, "pace")
    share = 1 if new.parent_id is None else 0.2
    return int(pace * share * (0.8 + 0.2 * chance(seed, new.id, "seconds")))


def _gib(seed: int, member: Member, new: Backup) -> float:
    """Say the data volume's use at the start, in 0.01 GiB, as Trove does for incrementals too."""
    days = max(new.created_at.toordinal() - _GROWTH_BEGAN, 0)
    noise = 0.99 + 0.02 * chance(seed, new.id, "size")
    return round(member.gib * (1 + _GROWTH_PER_DAY * days) * noise, 2)


def _changed(stage: Backup) -> datetime:
    return stage.updated_at or stage.created_at
