"""Whether each known instance's database can be restored, and to how long ago. Pure, and without a clock.

Known is an instance that has a backup, that is configured, or that the API lists.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from exporter.backups.chains import Broken, Chains, Verdict
from exporter.backups.grouping import Cohort, newest, rank
from exporter.backups.summary import UNKNOWN
from exporter.config import ExpectedInstance, Objective, Statuses
from exporter.records import Backup, Instance
from exporter.results import DatabaseAssessment


class Inventory(Struct, frozen=True):
    """What is known of instances beside their backups; `listed` is `None` where no good list is at hand."""

    expected: Mapping[str, ExpectedInstance]
    listed: Mapping[str, Instance] | None


class Rules(Struct, frozen=True):
    """What the user said of statuses, sizes and objectives."""

    statuses: Statuses
    objectives: Sequence[Objective]
    bytes_per_unit: float = 1


def assess_databases(
    among: Iterable[Cohort], chains: Chains, register: Inventory, rules: Rules
) -> tuple[DatabaseAssessment, ...]:
    """Judge every known instance, each once; the order of cohorts makes no difference."""
    found: dict[str, list[Cohort]] = {known: [] for known in (*register.expected, *(register.listed or ()))}
    for cohort in among:
        if cohort.instance_id:
            found.setdefault(cohort.instance_id, []).append(cohort)
    return tuple(
        _InstanceAssessment(name, found[name], chains, register, rules).recovery() for name in sorted(found)
    )


class _InstanceAssessment:
    """One instance, and what is to be said of it."""

    def __init__(
        self,
        instance_id: str,
        found: Sequence[Cohort],
        chains: Chains,
        register: Inventory,
        rules: Rules,
    ) -> None:
        self._id = instance_id
        self._cohorts = found
        self._judged = [chains.judge(cohort) for cohort in found if cohort.status in rules.statuses.usable]
        self._rules = rules
        self._expected = register.expected.get(instance_id)
        self._listed = (register.listed or {}).get(instance_id)
        self._is_gone = register.listed is not None and not (self._listed or self._expected)

    def recovery(self) -> DatabaseAssessment:
        last, length = self._newest(lambda verdict: isinstance(verdict, int))
        full, _ = self._newest(lambda verdict: verdict == 1)
        kind = self._type()
        age, duration = self._objective(kind)
        broken = sum((judged.broken for judged in self._judged), Counter[Broken]())
        return DatabaseAssessment(
            instance_id=self._id,
            datastore_type=kind,
            instance_name=self._name(),
            datastore_version=self._version(),
            replica_of=self._replica_of(),
            restorable=sum(len(judged.backups) for judged in self._judged) - broken.total(),
            newest_timestamp=_created(last),
            newest_chain_length=length,
            newest_full_timestamp=_created(full),
            newest_full_size_bytes=self._size(full),
            unrestorable=tuple(sorted((why.value, count) for why, count in broken.items())),
            running_oldest_timestamp=self._running_since(),
            last_attempt_failed=self._last_attempt_failed(),
            objective_age=age,
            objective_duration=duration,
        )

    def _newest(self, predicate: Callable[[Verdict], bool]) -> tuple[Backup | None, int | None]:
        """Return the newest backup of whose verdict it is true, and how many its restore reads."""
        found = [pair for judged in self._judged if (pair := judged.newest(predicate))]
        backup, verdict = max(found, key=lambda pair: rank(pair[0]), default=(None, None))
        return backup, verdict if isinstance(verdict, int) else None

    def _type(self) -> str:
        """Take the list's word, then the user's, then that of the newest backup that has one."""
        if self._listed and self._listed.datastore and self._listed.datastore.type:
            return self._listed.datastore.type
        if self._expected and self._expected.datastore_type:
            return self._expected.datastore_type
        telling = newest(cohort for cohort in self._cohorts if cohort.datastore_type)
        return telling.datastore.type or UNKNOWN if telling and telling.datastore else UNKNOWN

    def _name(self) -> str | None:
        configured = self._expected.name if self._expected else None
        return configured or (self._listed.name if self._listed else None) or None

    def _replica_of(self) -> str | None:
        return (self._listed.replica_of.id or None) if self._listed and self._listed.replica_of else None

    def _version(self) -> str | None:
        return (self._listed.datastore.version or None) if self._listed and self._listed.datastore else None

    def _size(self, backup: Backup | None) -> float | None:
        return None if backup is None or backup.size is None else backup.size * self._rules.bytes_per_unit

    def _running_since(self) -> float | None:
        running = [cohort for cohort in self._cohorts if cohort.status in self._rules.statuses.running]
        return min((cohort.backups[0].created_at.timestamp() for cohort in running), default=None)

    def _last_attempt_failed(self) -> bool | None:
        statuses = self._rules.statuses
        last = newest(cohort for cohort in self._cohorts if cohort.status in statuses.finished)
        return None if last is None else last.status in statuses.failed

    def _objective(self, kind: str) -> tuple[float | None, float | None]:
        """Return what is asked; nothing of a database that is gone or that is a replica."""
        if self._is_gone or self._replica_of() is not None:
            return None, None
        name = self._name()
        match = next((o for o in self._rules.objectives if o.match.covers(self._id, name, kind)), Objective())
        return match.max_age.seconds, match.max_duration.seconds


def _created(backup: Backup | None) -> float | None:
    return backup.created_at.timestamp() if backup else None
