"""From a complete walk to a snapshot."""

from collections.abc import Sequence

from msgspec.structs import replace

from exporter.backups.assessment import assess_databases, datastore_types
from exporter.backups.chains import Chains
from exporter.backups.exclusion import excluded_instances, is_type_excluded, without_excluded_backups
from exporter.backups.grouping import BackupGroup, group_backups
from exporter.backups.inventory import Inventory
from exporter.backups.reuse import KnownAssessments
from exporter.backups.rules import Rules
from exporter.backups.size_unit import decide_bytes_per_unit
from exporter.backups.summary import created_after, summarize
from exporter.records import Backup
from exporter.results import Snapshot, WalkResult


def assess(
    walked: WalkResult[Backup],
    inventory: Inventory,
    rules: Rules,
    completed_at: float,
    known: KnownAssessments | None = None,
) -> Snapshot:
    """Group and sum up the backups of a complete walk, and assess every known database.

    :param inventory: the instances that are configured or listed.
    :param rules: what the configuration says about backups.
    :param completed_at: when the walk ended, in Unix seconds.
    :param known: the assessments of the last walk, which those of this one replace. They save time where they
        are the same.
    """
    all_groups = group_backups(without_excluded_backups(walked.records, rules.exclude, inventory))
    excluded = _excluded(all_groups, inventory, rules)
    groups = [group for group in all_groups if not _is_excluded(group, excluded, rules)]
    if rules.bytes_per_unit is None:
        rules = replace(rules, bytes_per_unit=decide_bytes_per_unit(groups))
    chains = Chains(walked.records, rules.statuses, rules.chains)
    summary = summarize(groups, bytes_per_unit=rules.bytes_per_unit, statuses=rules.statuses)
    reusable = None if rules.exclude else known
    assessments = assess_databases(groups, chains, inventory, rules, excluded=excluded, known=reusable)
    return Snapshot(
        summary=summary,
        assessments=assessments,
        duplicates=walked.duplicates,
        malformed=walked.malformed,
        future=created_after(groups, completed_at),
        reported=walked.reported,
        completed_at=completed_at,
        excluded=len(walked.records) - summary.backups,
        self_contained=sum(database.self_contained for database in assessments),
        bytes_per_unit=rules.bytes_per_unit,
    )


def _excluded(groups: Sequence[BackupGroup], inventory: Inventory, rules: Rules) -> frozenset[str]:
    if not rules.exclude:
        return frozenset()
    return excluded_instances(datastore_types(groups, inventory), rules.exclude, inventory)


def _is_excluded(group: BackupGroup, instances: frozenset[str], rules: Rules) -> bool:
    if group.instance_id:
        return group.instance_id in instances
    return is_type_excluded(group.datastore_type, rules.exclude)
