"""Whether each known instance's database can be restored, and to how long ago. Pure, and without a clock.

Known is an instance that has a backup, that is configured, or that the API lists.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from math import isfinite
from operator import attrgetter

from msgspec import Struct

from exporter.chains import Broken, Verdict, judge
from exporter.config import ExpectedInstance, Limit, Objective
from exporter.model import Backup, Instance, Recovery, Statuses
from exporter.summary import UNKNOWN

_creation = attrgetter("created_at")
_instance = attrgetter("instance_id")
_id = attrgetter("id")
_status = attrgetter("status")


class Register(Struct, frozen=True):
    """What is known of instances beside their backups; `listed` is `None` where no good list is at hand."""

    expected: Mapping[str, ExpectedInstance]
    listed: Mapping[str, Instance] | None


class Rules(Struct, frozen=True):
    """What the user said of statuses, sizes and objectives."""

    statuses: Statuses
    objectives: Sequence[Objective]
    bytes_per_unit: float = 1


def recoveries(backups: Sequence[Backup], register: Register, rules: Rules) -> tuple[Recovery, ...]:
    """Judge every known instance, each once; the order of `backups` makes no difference."""
    by_age = sorted(backups, key=_creation)
    verdicts = judge(by_age, rules.statuses)
    found: defaultdict[str | None, _Found] = defaultdict(_Found)
    for known in (*register.expected, *(register.listed or ())):
        found[known] = _Found()
    for backup in by_age:
        found[backup.instance_id].backups.append(backup)
    judged = zip(map(_instance, by_age), map(verdicts.get, map(_id, by_age)), strict=True)
    for (instance, verdict), count in Counter(judged).items():
        found[instance].counts[verdict] = count
    names = sorted(name for name in found if name)
    return tuple(_Judge(name, found[name], verdicts, register, rules).recovery() for name in names)


class _Found(Struct):
    """One instance's backups, oldest first, and how many have which verdict."""

    backups: list[Backup] = []
    counts: dict[Verdict | None, int] = {}


class _Judge:
    """One instance, and what is to be said of it.

    Its backups are looked at from the newest on, and no further than an answer needs.
    """

    def __init__(
        self,
        instance_id: str,
        found: _Found,
        verdicts: Mapping[str, Verdict],
        register: Register,
        rules: Rules,
    ) -> None:
        self._id = instance_id
        self._backups = found.backups
        self._counts = found.counts
        self._verdicts = verdicts
        self._rules = rules
        self._expected = register.expected.get(instance_id)
        self._listed = (register.listed or {}).get(instance_id)
        self._is_gone = register.listed is not None and not (self._listed or self._expected)

    def recovery(self) -> Recovery:
        newest = self._newest(lambda backup: self._length(backup) is not None)
        full = self._newest(lambda backup: self._length(backup) == 1)
        age, duration = self._objective()
        return Recovery(
            instance_id=self._id,
            datastore_type=self._type(),
            instance_name=self._name(),
            datastore_version=self._version(),
            replica_of=self._replica_of(),
            restorable=sum(count for verdict, count in self._counts.items() if isinstance(verdict, int)),
            newest_timestamp=_created(newest),
            newest_chain_length=self._length(newest),
            newest_full_timestamp=_created(full),
            newest_full_size_bytes=self._size(full),
            unrestorable=_unrestorable(self._counts),
            running_oldest_timestamp=self._running_since(),
            last_attempt_failed=self._last_attempt_failed(),
            objective_age=age,
            objective_duration=duration,
        )

    def _type(self) -> str:
        """Take the list's word, then the user's, then that of the newest backup that has one."""
        if self._listed and self._listed.datastore and self._listed.datastore.type:
            return self._listed.datastore.type
        if self._expected and self._expected.datastore_type:
            return self._expected.datastore_type
        telling = self._newest(lambda backup: bool(backup.datastore and backup.datastore.type))
        return telling.datastore.type or UNKNOWN if telling and telling.datastore else UNKNOWN

    def _name(self) -> str | None:
        configured = self._expected.name if self._expected else None
        return configured or (self._listed.name if self._listed else None)

    def _replica_of(self) -> str | None:
        return self._listed.replica_of.id if self._listed and self._listed.replica_of else None

    def _version(self) -> str | None:
        return self._listed.datastore.version if self._listed and self._listed.datastore else None

    def _newest(self, is_it: Callable[[Backup], bool]) -> Backup | None:
        """Return the one created last of which it is true; of several the one with the greatest id."""
        found = filter(is_it, reversed(self._backups))
        last = next(found, None)
        if last is None:
            return None
        same = takewhile(lambda backup: backup.created_at == last.created_at, found)
        return max((last, *same), key=_id)

    def _length(self, backup: Backup | None) -> int | None:
        verdict = self._verdicts.get(backup.id) if backup else None
        return verdict if isinstance(verdict, int) else None

    def _size(self, backup: Backup | None) -> float | None:
        return None if backup is None or backup.size is None else backup.size * self._rules.bytes_per_unit

    def _running_since(self) -> float | None:
        running = self._rules.statuses.running
        if running.isdisjoint(map(_status, self._backups)):
            return None
        return _created(next(backup for backup in self._backups if backup.status in running))

    def _last_attempt_failed(self) -> bool | None:
        statuses = self._rules.statuses
        finished = statuses.finished
        last = self._newest(lambda backup: backup.status in finished)
        return None if last is None else last.status in statuses.failed

    def _objective(self) -> tuple[float | None, float | None]:
        """Return what is asked; nothing of a database that is gone or that is a replica."""
        if self._is_gone or self._replica_of() is not None:
            return None, None
        name, kind = self._name(), self._type()
        match = next((o for o in self._rules.objectives if o.match.covers(self._id, name, kind)), Objective())
        return _finite(match.max_age), _finite(match.max_duration)


def _unrestorable(found: Mapping[Verdict | None, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((why.value, count) for why, count in found.items() if isinstance(why, Broken)))


def _created(backup: Backup | None) -> float | None:
    return backup.created_at.timestamp() if backup else None


def _finite(limit: Limit | None) -> float | None:
    return float(limit) if limit is not None and isfinite(limit) else None
