"""Whether each known database can be restored, to what point in time, and what its objective requires.

An instance is known if it has a backup, is configured, or is listed by the API.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from exporter.backups.chains import AssessedBackup, AssessedGroup, Chains
from exporter.backups.explained_chains import by_culprit, newest_chain, with_dependants
from exporter.backups.grouping import BackupGroup, newest, rank
from exporter.backups.inventory import Inventory, KnownInstance
from exporter.backups.outcomes import GroupOutcomes, all_restore_times, gaps
from exporter.backups.reuse import KnownAssessment, KnownAssessments, backups_of
from exporter.backups.rules import Rules, applied
from exporter.backups.size_unit import size_in_bytes
from exporter.backups.summary import UNKNOWN
from exporter.config import Statuses
from exporter.results import AppliedObjective, DatabaseAssessment, TimeLine

Predicate = Callable[[AssessedGroup], Callable[[int], bool]]
"""From a group to what tells whether the backup of an index qualifies."""


def assess_databases(  # noqa: PLR0913 - what is known, and what the last walk has left
    groups: Iterable[BackupGroup],
    chains: Chains,
    inventory: Inventory,
    rules: Rules,
    *,
    excluded: frozenset[str] = frozenset(),
    known: KnownAssessments | None = None,
) -> tuple[DatabaseAssessment, ...]:
    """Assess every known instance, ordered by id. Backups without `instance_id` are ignored.

    :param groups: all groups of a list, in any order.
    :param chains: the chains among all backups of that list.
    :param inventory: the instances that are assessed even without backups.
    :param rules: what the configuration says about backups.
    :param excluded: the ids of the instances that are left out.
    :param known: the assessments of the last walk, which this one replaces. None if backups were left out by
        their name: these may be ancestors of others.
    """
    by_instance = _by_instance(groups, inventory.ids - excluded)
    known = KnownAssessments() if known is None else known
    assessed = {
        instance_id: _reuse_or_assess(
            inventory.instance(instance_id), by_instance[instance_id], chains, rules, known
        )
        for instance_id in sorted(by_instance)
    }
    known.clear()
    known.update((key, one) for key, one in assessed.items() if key not in chains.entangled)
    dependants = by_culprit(chains.dependants)
    return tuple(with_dependants(one.result, dependants) for one in assessed.values())


def _reuse_or_assess(
    instance: KnownInstance,
    groups: Sequence[BackupGroup],
    chains: Chains,
    rules: Rules,
    known: KnownAssessments,
) -> KnownAssessment:
    last = known.get(instance.id)
    if last is not None and last.holds_for(instance, groups, rules):
        chains.dependants.update(last.dependants)
        return replace(last, backups=backups_of(groups))
    outcomes = [GroupOutcomes.of(group, chains, rules.statuses) for group in groups]
    broken = (one.assessed.broken.values() for one in outcomes if one.assessed)
    dependants = Counter(chain.from_iterable(broken))
    result = _assess(instance, outcomes, chains, rules)
    return KnownAssessment(instance, backups_of(groups), rules, result, dependants)


def datastore_types(groups: Iterable[BackupGroup], inventory: Inventory) -> Mapping[str, str]:
    """Return the datastore type of each known instance by its id."""
    by_instance = _by_instance(groups, inventory.ids)
    return {
        instance_id: _datastore_type(inventory.instance(instance_id), own)
        for instance_id, own in by_instance.items()
    }


def _datastore_type(instance: KnownInstance, groups: Iterable[BackupGroup]) -> str:
    """Return the type of an instance, or else of its newest backup that has one."""
    typed = [group for group in groups if group.datastore_type]
    last = max(typed, key=lambda group: rank(group.newest), default=None)
    return instance.datastore_type or (last and last.datastore_type) or UNKNOWN


def _by_instance(groups: Iterable[BackupGroup], known: Iterable[str]) -> Mapping[str, Sequence[BackupGroup]]:
    by_instance: dict[str, list[BackupGroup]] = {instance_id: [] for instance_id in known}
    for group in groups:
        if group.instance_id:
            by_instance.setdefault(group.instance_id, []).append(group)
    return by_instance


def _assess(
    instance: KnownInstance, outcomes: Sequence[GroupOutcomes], chains: Chains, rules: Rules
) -> DatabaseAssessment:
    groups = [one.group for one in outcomes]
    usable = [one.assessed for one in outcomes if one.assessed]
    newest_usable = _newest(usable, lambda group: group.is_usable)
    newest_restorable = _newest(usable, lambda group: group.is_restorable)
    newest_full = _newest(usable, lambda group: group.is_full)
    times = all_restore_times(outcomes)
    datastore_type = _datastore_type(instance, groups)
    objective = rules.objective(instance, datastore_type)
    limits = applied(objective) if instance.has_objective else AppliedObjective()
    return DatabaseAssessment(
        instance_id=instance.id,
        datastore_type=datastore_type,
        instance_name=instance.name,
        datastore_version=instance.datastore_version,
        replica_of=instance.replica_of,
        is_retired=instance.is_retired,
        restorable_backups=len(times),
        restorable_newest_timestamp=times[-1] if times else None,
        restorable_oldest_timestamp=times[0] if times else None,
        usable_newest_timestamp=_created_at(newest_usable),
        gaps=gaps(times, only_largest=limits.retention is None),
        newest_chain_length=newest_restorable.chain.length if newest_restorable else None,
        newest_full_timestamp=_created_at(newest_full),
        newest_full_size_bytes=_size(newest_full, rules.bytes_per_unit),
        unrestorable_by_reason=_unrestorable(usable),
        self_contained=sum(group.self_contained for group in usable),
        running_oldest_timestamp=_running_since(groups, rules.statuses),
        last_attempt_failed=_last_attempt_failed(groups, rules.statuses),
        objective=limits,
        labels=objective.labels,
        chain=newest_chain(newest_usable, chains) if newest_usable else None,
        timeline=TimeLine(tuple(one.track(rules.statuses) for one in outcomes)),
    )


def _newest(groups: Iterable[AssessedGroup], predicate: Predicate) -> AssessedBackup | None:
    matches = [assessed for group in groups if (assessed := group.newest(predicate(group)))]
    return max(matches, key=lambda assessed: rank(assessed.backup), default=None)


def _unrestorable(groups: Iterable[AssessedGroup]) -> tuple[tuple[str, int], ...]:
    """Return how many usable backups cannot be restored for each reason."""
    reasons = Counter(link.reason.value for group in groups for link in group.broken.values())
    return tuple(sorted(reasons.items()))


def _created_at(assessed: AssessedBackup | None) -> float | None:
    return assessed.backup.created_at.timestamp() if assessed else None


def _size(assessed: AssessedBackup | None, bytes_per_unit: float | None) -> float | None:
    return size_in_bytes(assessed.backup.size if assessed else None, bytes_per_unit)


def _running_since(groups: Iterable[BackupGroup], statuses: Statuses) -> float | None:
    """Return when the oldest backup that is still running was created."""
    oldest = (group.backups[0] for group in groups if group.status in statuses.running)
    return min((backup.created_at.timestamp() for backup in oldest), default=None)


def _last_attempt_failed(groups: Iterable[BackupGroup], statuses: Statuses) -> bool | None:
    """Return whether the newest finished attempt failed; `None` if none has finished."""
    last = newest(group for group in groups if group.status in statuses.finished)
    return None if last is None else last.status in statuses.failed
