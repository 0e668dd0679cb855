"""Which backups can be restored, and which link of the chain is broken if one cannot.

A backup without a parent is full: its restore reads nothing else. Any other backup also needs its parent,
the parent of that, and so on down to a full backup. These backups are its chain.

`Chains` follows the parents in a loop until it meets a full backup, a broken link or a backup that it has
followed before. It remembers the result for each backup on the way, so the time is linear in the number of
backups however long the chains are. Most backups need no look-up: they build on the backup before them in
their group, or on the same parent as that one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile

from msgspec import Struct

from exporter.backups.grouping import BackupGroup
from exporter.config import Statuses
from exporter.records import Backup


class BrokenLink(StrEnum):
    """What is wrong with the first broken link on the way from a backup to its full backup.

    A parent has failed if its status is neither usable nor running. In a `CYCLE` each parent is usable and
    none is full. The values are those of `bycloud_database_unrestorable_backups`' label `reason`.
    """

    PARENT_MISSING = "parent_missing"
    PARENT_FAILED = "parent_failed"
    PARENT_RUNNING = "parent_running"
    CYCLE = "cycle"


class AssessedBackup(Struct, frozen=True, gc=False):
    """A backup and its chain.

    :param chain_length: how many backups its restore reads, 1 for a full one; `None` if it is broken.
    :param broken_link: why it is broken; `None` if it is whole.
    """

    backup: Backup
    chain_length: int | None
    broken_link: BrokenLink | None = None

    @property
    def is_restorable(self) -> bool:
        """Whether every backup of its chain is present and usable."""
        return self.broken_link is None

    @property
    def is_full(self) -> bool:
        """Whether its restore reads this backup only."""
        return self.chain_length == 1

    def extended_by(self, child: Backup) -> "AssessedBackup":
        """Assess a child of this backup."""
        length = None if self.chain_length is None else self.chain_length + 1
        return AssessedBackup(child, length, self.broken_link)


class AssessedGroup(Struct, frozen=True):
    """The assessed backups of one group, the oldest first."""

    backups: Sequence[AssessedBackup]

    def broken_links(self) -> Counter[BrokenLink]:
        """Count the backups with a broken chain by what breaks it."""
        return Counter(assessed.broken_link for assessed in self.backups if assessed.broken_link is not None)

    def newest(self, predicate: Callable[[AssessedBackup], bool]) -> AssessedBackup | None:
        """Return the newest backup that meets `predicate`; of several created then, the greatest id."""
        matches = (assessed for assessed in reversed(self.backups) if predicate(assessed))
        last = next(matches, None)
        if last is None:
            return None
        created_at = last.backup.created_at
        twins = takewhile(lambda assessed: assessed.backup.created_at == created_at, matches)
        return max((last, *twins), key=lambda assessed: assessed.backup.id)


class Chains:
    """The chains among all backups of a list. A chain may run through several instances.

    :param backups: every backup of the list by its id, of any status.
    :param statuses: decide which statuses are usable, running or failed.
    """

    def __init__(self, backups: Mapping[str, Backup], statuses: Statuses) -> None:
        self._backups = backups
        self._statuses = statuses
        self._followed: dict[str, AssessedBackup] = {}

    def __repr__(self) -> str:
        return f"<Chains of {len(self._backups)} backups, {len(self._followed)} followed>"

    def assess(self, group: BackupGroup) -> AssessedGroup:
        """Assess the backups of a group whose status is usable.

        The comparison with the backup before saves the look-ups in `_follow`: about a fifth of a scrape.
        """
        assessed: list[AssessedBackup] = []
        last: AssessedBackup | None = None
        for backup in group.backups:
            parent_id = backup.parent_id
            if not parent_id or parent_id == backup.id:
                last = AssessedBackup(backup, 1)
            elif last is not None and parent_id == last.backup.id:
                last = last.extended_by(backup)
            elif last is not None and parent_id == last.backup.parent_id:
                last = AssessedBackup(backup, last.chain_length, last.broken_link)
            else:
                last = self._follow(backup)
            assessed.append(last)
        return AssessedGroup(assessed)

    def _follow(self, backup: Backup) -> AssessedBackup:
        """Assess a backup by its ancestors, and cache the result of each."""
        path: list[Backup] = []
        while (assessed := self._followed.get(backup.id) or self._end_of_chain(backup)) is None:
            path.append(backup)
            # This holds if the path returns here. Otherwise it is overwritten below.
            self._followed[backup.id] = AssessedBackup(backup, None, BrokenLink.CYCLE)
            backup = self._backups[backup.parent_id or ""]
        for child in reversed(path):
            assessed = self._followed[child.id] = assessed.extended_by(child)
        return assessed

    def _end_of_chain(self, backup: Backup) -> AssessedBackup | None:
        """Assess a backup that is full or whose parent is missing or unusable; else return `None`."""
        if not backup.parent_id or backup.parent_id == backup.id:
            return AssessedBackup(backup, 1)
        parent = self._backups.get(backup.parent_id)
        if parent is None:
            return AssessedBackup(backup, None, BrokenLink.PARENT_MISSING)
        if parent.status in self._statuses.usable:
            return None
        if parent.status in self._statuses.running:
            return AssessedBackup(backup, None, BrokenLink.PARENT_RUNNING)
        return AssessedBackup(backup, None, BrokenLink.PARENT_FAILED)
