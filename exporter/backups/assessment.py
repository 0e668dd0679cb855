"""Whether each known database can be restored, to what point in time, and what its objective requires.

An instance is known if it has a backup, is configured, or is listed by the API.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from exporter.backups.chains import AssessedBackup, AssessedGroup, BrokenLink, Chains
from exporter.backups.grouping import BackupGroup, newest, rank
from exporter.backups.inventory import Inventory, KnownInstance
from exporter.backups.summary import UNKNOWN
from exporter.config import Objective, Statuses
from exporter.results import AppliedObjective, DatabaseAssessment


class Rules(Struct, frozen=True):
    """The configured statuses, objectives and size unit.

    :param objectives: the first that matches an instance applies to it.
    :param bytes_per_unit: bytes per unit of the API's sizes.
    """

    statuses: Statuses
    objectives: Sequence[Objective]
    bytes_per_unit: float = 1

    def objective(self, instance: KnownInstance, datastore_type: str) -> Objective:
        """Return the objective of an instance; one without limits if none applies.

        :param datastore_type: the type to match, from the instance or else from its newest backup.
        """
        applicable = self.objectives if instance.has_objective else ()
        matching = (o for o in applicable if o.match.covers(instance.id, instance.name, datastore_type))
        return next(matching, Objective())


def assess_databases(
    groups: Iterable[BackupGroup], chains: Chains, inventory: Inventory, rules: Rules
) -> tuple[DatabaseAssessment, ...]:
    """Assess every known instance, ordered by id. Backups without `instance_id` are ignored.

    :param groups: all groups of a list, in any order.
    :param chains: the chains among all backups of that list.
    :param inventory: the instances that are assessed even without backups.
    :param rules: the configured statuses and objectives.
    """
    by_instance = _by_instance(groups, inventory.ids)
    return tuple(
        _assess(inventory.instance(instance_id), by_instance[instance_id], chains, rules)
        for instance_id in sorted(by_instance)
    )


def _by_instance(groups: Iterable[BackupGroup], known: Iterable[str]) -> Mapping[str, Sequence[BackupGroup]]:
    by_instance: dict[str, list[BackupGroup]] = {instance_id: [] for instance_id in known}
    for group in groups:
        if group.instance_id:
            by_instance.setdefault(group.instance_id, []).append(group)
    return by_instance


def _assess(
    instance: KnownInstance, groups: Sequence[BackupGroup], chains: Chains, rules: Rules
) -> DatabaseAssessment:
    usable = [chains.assess(group) for group in groups if group.status in rules.statuses.usable]
    broken = sum((group.broken_links() for group in usable), Counter[BrokenLink]())
    last = _newest(usable, lambda assessed: assessed.is_restorable)
    full = _newest(usable, lambda assessed: assessed.is_full)
    datastore_type = instance.datastore_type or _newest_type(groups) or UNKNOWN
    objective = rules.objective(instance, datastore_type)
    return DatabaseAssessment(
        instance_id=instance.id,
        datastore_type=datastore_type,
        instance_name=instance.name,
        datastore_version=instance.datastore_version,
        replica_of=instance.replica_of,
        restorable=sum(len(group.backups) for group in usable) - broken.total(),
        newest_timestamp=_created_at(last),
        newest_chain_length=last.chain_length if last else None,
        newest_full_timestamp=_created_at(full),
        newest_full_size_bytes=_size(full, rules.bytes_per_unit),
        unrestorable=tuple(sorted((link.value, count) for link, count in broken.items())),
        running_oldest_timestamp=_running_since(groups, rules.statuses),
        last_attempt_failed=_last_attempt_failed(groups, rules.statuses),
        objective=AppliedObjective(age=objective.max_age.seconds, duration=objective.max_duration.seconds),
    )


def _newest(
    groups: Iterable[AssessedGroup], predicate: Callable[[AssessedBackup], bool]
) -> AssessedBackup | None:
    matches = [assessed for group in groups if (assessed := group.newest(predicate))]
    return max(matches, key=lambda assessed: rank(assessed.backup), default=None)


def _newest_type(groups: Iterable[BackupGroup]) -> str | None:
    """Return the datastore type of the newest backup that has one."""
    last = newest(group for group in groups if group.datastore_type)
    return last.datastore.type if last and last.datastore else None


def _created_at(assessed: AssessedBackup | None) -> float | None:
    return assessed.backup.created_at.timestamp() if assessed else None


def _size(assessed: AssessedBackup | None, bytes_per_unit: float) -> float | None:
    size = assessed.backup.size if assessed else None
    return None if size is None else size * bytes_per_unit


def _running_since(groups: Iterable[BackupGroup], statuses: Statuses) -> float | None:
    """Return when the oldest backup that is still running was created."""
    oldest = (group.backups[0] for group in groups if group.status in statuses.running)
    return min((backup.created_at.timestamp() for backup in oldest), default=None)


def _last_attempt_failed(groups: Iterable[BackupGroup], statuses: Statuses) -> bool | None:
    """Return whether the newest finished attempt failed; `None` if none has finished."""
    last = newest(group for group in groups if group.status in statuses.finished)
    return None if last is None else last.status in statuses.failed
