"""Which backups can be restored, and which link is broken where one cannot. Pure, and without recursion."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from exporter.model import Backup, Statuses


class Broken(StrEnum):
    """What is wrong with the broken link nearest to a backup, on the way from it to its ancestors.

    A parent that is neither usable nor running has failed, whether its status is of another class or of
    none. `CYCLE` says that the way leads into a cycle and meets no other broken link.
    """

    PARENT_MISSING = "parent_missing"
    PARENT_FAILED = "parent_failed"
    PARENT_RUNNING = "parent_running"
    CYCLE = "cycle"


Verdict: TypeAlias = int | Broken
"""How many backups a restore reads (1: a full backup), or why there can be none."""


class Chains:
    """The chains among all backups of a list, by their ids; their instances make no difference.

    What was climbed is remembered, so that the time is linear in their number, however long the chains.
    """

    def __init__(self, backups: Mapping[str, Backup], statuses: Statuses) -> None:
        self._backups = backups
        self._statuses = statuses
        self._climbed: dict[str, Verdict] = {}

    def judge(self, backups: Iterable[Backup]) -> dict[str, Verdict]:
        """Return the verdict on each of `backups`, which must be of a usable status, by its id.

        Their order makes no difference, but it is soonest where parents come before their children.
        """
        verdicts: dict[str, Verdict] = {}
        for backup in backups:
            parent = backup.parent_id
            if not parent or parent == backup.id:  # as in the vendor's example
                verdicts[backup.id] = 1
            elif (below := verdicts.get(parent)) is None:
                verdicts[backup.id] = self._climb(backup)
            else:
                verdicts[backup.id] = below + 1 if isinstance(below, int) else below
        return verdicts

    def _climb(self, backup: Backup) -> Verdict:
        """Go from a backup to its ancestors, as far as they are not known; enter the verdicts on all."""
        path: list[str] = []
        end = self._climbed.get(backup.id)
        while end is None:
            path.append(backup.id)
            self._climbed[backup.id] = Broken.CYCLE  # which it is if the way leads back here
            backup, end = self._step(backup)
        for passed in reversed(path):
            end = end + 1 if isinstance(end, int) else end
            self._climbed[passed] = end
        return end

    def _step(self, backup: Backup) -> tuple[Backup, Verdict | None]:
        """Return the parent, with what its children stand upon, if that is known: 0 is the ground."""
        if not backup.parent_id or backup.parent_id == backup.id:
            return backup, 0
        parent = self._backups.get(backup.parent_id)
        if parent is None:
            return backup, Broken.PARENT_MISSING
        if parent.status in self._statuses.usable:
            return parent, self._climbed.get(parent.id)
        running = parent.status in self._statuses.running
        return parent, Broken.PARENT_RUNNING if running else Broken.PARENT_FAILED
