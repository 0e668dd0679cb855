"""From a complete walk to a snapshot."""

from datetime import UTC, datetime

from exporter.backups.assessment import Rules, assess_databases
from exporter.backups.chains import Chains
from exporter.backups.grouping import group_backups
from exporter.backups.inventory import Inventory
from exporter.backups.summary import created_after, summarize
from exporter.records import Backup
from exporter.results import Snapshot, WalkResult


def assess(walked: WalkResult[Backup], inventory: Inventory, rules: Rules, completed_at: float) -> Snapshot:
    """Group and sum up the backups of a complete walk, and assess every known database.

    :param inventory: the instances that are configured or listed.
    :param rules: the configured statuses, objectives and size unit.
    :param completed_at: when the walk ended, in Unix seconds.
    """
    groups = group_backups(walked.records.values())
    return Snapshot(
        summary=summarize(groups, bytes_per_unit=rules.bytes_per_unit, statuses=rules.statuses),
        assessments=assess_databases(groups, Chains(walked.records, rules.statuses), inventory, rules),
        duplicates=walked.duplicates,
        malformed=walked.malformed,
        future=created_after(groups, datetime.fromtimestamp(completed_at, UTC)),
        reported=walked.reported,
        completed_at=completed_at,
    )
