"""Whether each known instance's database can be restored, and to how long ago. Pure, and without a clock.

Known is an instance that has a backup, that is configured, or that the API lists.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite

from msgspec import Struct

from exporter.chains import Broken, Verdict, judge
from exporter.config import ExpectedInstance, Limit, Objective
from exporter.model import Backup, Instance, Recovery, Statuses
from exporter.summary import UNKNOWN


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
    verdicts = judge(backups, rules.statuses)
    grouped: defaultdict[str, list[Backup]] = defaultdict(list)
    for known in (*register.expected, *(register.listed or ())):
        grouped[known] = []
    for backup in backups:
        if backup.instance_id:
            grouped[backup.instance_id].append(backup)
    return tuple(_Judge(key, grouped[key], verdicts, register, rules).recovery() for key in sorted(grouped))


class _Judge:
    """One instance, and what is to be said of it."""

    def __init__(
        self,
        instance_id: str,
        backups: Sequence[Backup],
        verdicts: Mapping[str, Verdict],
        register: Register,
        rules: Rules,
    ) -> None:
        self._id = instance_id
        self._backups = backups
        self._verdicts = verdicts
        self._rules = rules
        self._expected = register.expected.get(instance_id)
        self._listed = (register.listed or {}).get(instance_id)
        self._is_gone = register.listed is not None and not (self._listed or self._expected)

    def recovery(self) -> Recovery:
        restorable = [b for b in self._backups if isinstance(self._verdicts.get(b.id), int)]
        newest = _newest(restorable)
        full = _newest(backup for backup in restorable if self._verdicts[backup.id] == 1)
        age, duration = self._objective()
        return Recovery(
            instance_id=self._id,
            datastore_type=self._type(),
            instance_name=self._name(),
            datastore_version=self._version(),
            replica_of=self._replica_of(),
            restorable=len(restorable),
            newest_timestamp=_created(newest),
            newest_chain_length=self._length(newest),
            newest_full_timestamp=_created(full),
            newest_full_size_bytes=self._size(full),
            unrestorable=self._unrestorable(),
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
        telling = _newest(b for b in self._backups if b.datastore and b.datastore.type)
        return telling.datastore.type or UNKNOWN if telling and telling.datastore else UNKNOWN

    def _name(self) -> str | None:
        configured = self._expected.name if self._expected else None
        return configured or (self._listed.name if self._listed else None)

    def _replica_of(self) -> str | None:
        return self._listed.replica_of.id if self._listed and self._listed.replica_of else None

    def _version(self) -> str | None:
        return self._listed.datastore.version if self._listed and self._listed.datastore else None

    def _length(self, backup: Backup | None) -> int | None:
        verdict = self._verdicts[backup.id] if backup else None
        return verdict if isinstance(verdict, int) else None

    def _size(self, backup: Backup | None) -> float | None:
        return None if backup is None or backup.size is None else backup.size * self._rules.bytes_per_unit

    def _unrestorable(self) -> tuple[tuple[str, int], ...]:
        found = (self._verdicts.get(backup.id) for backup in self._backups)
        return tuple(sorted(Counter(v.value for v in found if isinstance(v, Broken)).items()))

    def _running_since(self) -> float | None:
        running = [b.created_at for b in self._backups if b.status in self._rules.statuses.running]
        return min(running).timestamp() if running else None

    def _last_attempt_failed(self) -> bool | None:
        last = _newest(b for b in self._backups if b.status in self._rules.statuses.finished)
        return None if last is None else last.status in self._rules.statuses.failed

    def _objective(self) -> tuple[float | None, float | None]:
        """Return what is asked; nothing of a database that is gone or that is a replica."""
        if self._is_gone or self._replica_of() is not None:
            return None, None
        name, kind = self._name(), self._type()
        match = next((o for o in self._rules.objectives if o.match.covers(self._id, name, kind)), Objective())
        return _finite(match.max_age), _finite(match.max_duration)


def _newest(backups: Iterable[Backup]) -> Backup | None:
    return max(backups, key=_by_creation, default=None)


def _created(backup: Backup | None) -> float | None:
    return backup.created_at.timestamp() if backup else None


def _by_creation(backup: Backup) -> tuple[datetime, str]:
    return backup.created_at, backup.id


def _finite(limit: Limit | None) -> float | None:
    return float(limit) if limit is not None and isfinite(limit) else None
