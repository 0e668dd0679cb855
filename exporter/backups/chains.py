"""Which backups can be restored, and which link of the chain is broken if one cannot.

A backup without a parent is full: its restore reads nothing else. Any other backup also needs its parent,
the parent of that, and so on down to a full backup. These backups are its chain. A Cinder snapshot may have a
parent, but its restore does not read it: that is what OpenStack Trove does, and an inference for this API.

`Chains` follows the parents in a loop until it meets a full backup, a broken link or a backup that it has
followed before. It remembers the result for each backup on the way, so the time is linear in the number of
backups however long the chains are. Most backups need no look-up: they build on the backup before them in
their group, or on the same parent as that one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import Final

from msgspec import Struct

from exporter.backups.grouping import BackupGroup
from exporter.config import ChainMode, Statuses
from exporter.records import Backup

FULL_LENGTH: Final = 1


class BrokenBy(StrEnum):
    """What is wrong with the first broken link on the way from a backup to its full backup.

    A parent has failed if its status is neither usable nor running. In a `CYCLE` each parent is usable and
    none is full. The values are those of `bycloud_database_unrestorable_backups`' label `reason`.
    """

    PARENT_MISSING = "parent_missing"
    PARENT_FAILED = "parent_failed"
    PARENT_RUNNING = "parent_running"
    CYCLE = "cycle"


class BrokenLink(Struct, frozen=True):
    """The first broken link of a chain.

    :param culprit_id: the id of the backup that breaks it; in a cycle, of one that is in it.
    """

    reason: BrokenBy
    culprit_id: str


class Chain(Struct, frozen=True):
    """The chain of a backup.

    :param length: how many backups its restore reads, 1 for a full one. If it is broken: how many usable
        backups come before the culprit.
    :param broken: `None` if it is whole.
    """

    length: int
    broken: BrokenLink | None = None

    def extended(self) -> "Chain":
        """Return the chain of a backup that builds on the backup of this chain."""
        return Chain(self.length + 1, self.broken)


FULL: Final = Chain(FULL_LENGTH)


class AssessedBackup(Struct, frozen=True):
    """A backup and its chain."""

    backup: Backup
    chain: Chain


class AssessedGroup(Struct, frozen=True):
    """The backups of one group of a usable status, and their chains.

    :param lengths: `Chain.length` of each backup.
    :param broken: the broken link of each backup that cannot be restored, by its index.
    :param self_contained: how many of the backups have a parent that their restore does not read.
    """

    backups: Sequence[Backup]
    lengths: Sequence[int]
    broken: Mapping[int, BrokenLink]
    self_contained: int = 0

    def is_usable(self, _: int) -> bool:
        """Whether the backup of an index has a usable status: each has."""
        return True

    def is_restorable(self, index: int) -> bool:
        """Whether the chain of the backup of an index is whole."""
        return index not in self.broken

    def is_full(self, index: int) -> bool:
        """Whether the backup of an index can be restored, and its restore reads nothing else."""
        return self.lengths[index] == FULL_LENGTH and index not in self.broken

    def newest(self, predicate: Callable[[int], bool]) -> AssessedBackup | None:
        """Return the newest backup whose index meets `predicate`; the greatest id decides among equals."""
        backups = self.backups
        matches = (index for index in range(len(backups) - 1, -1, -1) if predicate(index))
        last = next(matches, None)
        if last is None:
            return None
        created_at = backups[last].created_at
        twins = takewhile(lambda index: backups[index].created_at == created_at, matches)
        best = max((last, *twins), key=lambda index: backups[index].id)
        return AssessedBackup(backups[best], Chain(self.lengths[best], self.broken.get(best)))


class Chains:
    """The chains among all backups of a list. A chain may run through several instances.

    :param backups: every backup of the list by its id, of any status.
    :param statuses: decide which statuses are usable, running or failed.
    :param mode: `follow`: every parent is needed; `ignore`: none; `auto`: all but those of Cinder snapshots.
    """

    def __init__(self, backups: Mapping[str, Backup], statuses: Statuses, mode: ChainMode = "follow") -> None:
        self._backups = backups
        self._statuses = statuses
        self._mode = mode
        self._followed: dict[str, Chain] = {}
        self.dependants = Counter[BrokenLink]()
        """How many of the assessed backups each broken link keeps from being restored."""
        self.entangled: set[str | None] = set()
        """The ids of the instances with a backup whose parent is missing or belongs to another instance, or
        that leads into a cycle: which of its backups is the culprit depends on what was followed first."""

    def __repr__(self) -> str:
        return f"<Chains of {len(self._backups)} backups, {len(self._followed)} followed>"

    def assess(self, group: BackupGroup) -> AssessedGroup:
        """Assess the backups of a group whose status is usable, and count them: call it once for each group.

        `dependants` and `self_contained` are complete once all groups are assessed.

        The comparison with the backup before saves the look-ups in `_follow`: about a fifth of a scrape.
        """
        if self._mode == "ignore":
            return AssessedGroup(group.backups, [FULL_LENGTH] * len(group.backups), {})
        lengths: list[int] = []
        broken: dict[int, BrokenLink] = {}
        length, link, last_id, last_parent_id = FULL.length, FULL.broken, None, None
        for backup in group.backups:
            # A Cinder snapshot's parent may not count: `_follow` decides. Other locations are not kept.
            parent_id = None if backup.location_ref else backup.parent_id
            if parent_id and parent_id == last_id and (link is None or link.reason is not BrokenBy.CYCLE):
                length += 1
            elif not parent_id or parent_id != last_parent_id or parent_id == backup.id:
                chain = self._follow(backup)
                length, link = chain.length, chain.broken
            if link is not None:
                broken[len(lengths)] = link
            lengths.append(length)
            last_id, last_parent_id = backup.id, parent_id
        self.dependants.update(broken.values())
        return AssessedGroup(group.backups, lengths, broken, self._count_self_contained(group.backups))

    def links(self, backup: Backup, chain: Chain, most: int) -> list[Backup]:
        """Return the first usable backups of a chain, from `backup` on.

        :param most: return no more than these.
        """
        links = [backup]
        while len(links) < min(chain.length, most):
            links.append(self._backups[links[-1].parent_id or ""])
        return links

    def backup(self, backup_id: str) -> Backup | None:
        """Return the backup of an id; `None` if the list has none."""
        return self._backups.get(backup_id)

    def _parent_id(self, backup: Backup) -> str | None:
        """Return the id of the parent that a restore needs; `None` if it needs none."""
        if not backup.has_parent or self._mode == "ignore":
            return None
        return None if self._mode == "auto" and backup.is_cinder_snapshot else backup.parent_id

    def _count_self_contained(self, backups: Sequence[Backup]) -> int:
        """Count the backups with a parent that `auto` ignores."""
        if self._mode != "auto":
            return 0
        return sum(
            backup.is_cinder_snapshot and backup.has_parent for backup in backups if backup.location_ref
        )

    def _follow(self, backup: Backup) -> Chain:
        """Assess a backup by its ancestors, and cache the result of each."""
        path: list[Backup] = []
        while (chain := self._followed.get(backup.id) or self._end_of_chain(backup)) is None:
            path.append(backup)
            # This holds if the path returns here. Otherwise it is overwritten below.
            self._followed[backup.id] = Chain(0, BrokenLink(BrokenBy.CYCLE, backup.id))
            backup = self._backups[backup.parent_id or ""]
        if chain.broken is not None and chain.broken.reason is BrokenBy.CYCLE:
            self.entangled.update(child.instance_id for child in path)
        for child in reversed(path):
            chain = self._followed[child.id] = chain.extended()
        return chain

    def _end_of_chain(self, backup: Backup) -> Chain | None:
        """Return the chain of a backup that is full or whose parent is missing or unusable; else `None`."""
        parent_id = self._parent_id(backup)
        if parent_id is None:
            return FULL
        parent = self._backups.get(parent_id)
        if parent is None or parent.instance_id != backup.instance_id:
            self.entangled.add(backup.instance_id)
        if parent is None:
            return Chain(1, BrokenLink(BrokenBy.PARENT_MISSING, parent_id))
        if parent.status in self._statuses.usable:
            return None
        reason = BrokenBy.PARENT_FAILED
        if parent.status in self._statuses.running:
            reason = BrokenBy.PARENT_RUNNING
        return Chain(1, BrokenLink(reason, parent_id))
