"""Assessments that the last walk has made, and that this one would make again."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from exporter.backups.chains import BrokenLink
from exporter.backups.grouping import BackupGroup
from exporter.backups.inventory import KnownInstance
from exporter.backups.rules import Rules
from exporter.records import Backup
from exporter.results import DatabaseAssessment


class KnownAssessment(Struct, frozen=True):
    """An assessment and what it was made of.

    :param backups: the database's, those of each group. Each parent that a restore needs must be among these.
    :param dependants: how many of these each broken link keeps from being restored.
    """

    instance: KnownInstance
    backups: Sequence[Sequence[Backup]]
    rules: Rules
    result: DatabaseAssessment
    dependants: Mapping[BrokenLink, int]

    def holds_for(self, instance: KnownInstance, groups: Sequence[BackupGroup], rules: Rules) -> bool:
        """Whether an assessment of these would be the same."""
        return (self.instance, self.backups, self.rules) == (instance, backups_of(groups), rules)


def backups_of(groups: Iterable[BackupGroup]) -> Sequence[Sequence[Backup]]:
    """Return the backups of each group, which say all that a group does, and take less memory."""
    return [group.backups for group in groups]


KnownAssessments = dict[str, KnownAssessment]
"""The assessments of one walk by the instance's id. Each walk replaces those of the last one."""
