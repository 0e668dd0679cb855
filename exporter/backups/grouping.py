"""Cohorts: a walk's backups that are alike in status, datastore and instance. Pure, and without a clock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from operator import attrgetter

from msgspec import Struct

from exporter.records import Backup, Datastore

_Likeness = tuple[str, Datastore | None, str | None]
_Members = tuple[list[Backup], list[float], list[int], list[int]]
_creation = attrgetter("created_at")
_id = attrgetter("id")
rank = attrgetter("created_at", "id")
"""What decides which of several backups is the newest."""


class BackupGroup(Struct, frozen=True):
    """Backups, one at least and the oldest first, that are alike in what stands before them.

    `sizes` are theirs, as far as they are known and above 0. `lengths` counts for each how many of them its
    restore reads, as far as the one before it tells: by building on that one, or on the same as that one. It
    starts from 1 at a full backup, and at one that builds on something else. The indices of the latter are
    `unresolved`: what is below them, only the whole list can say.
    """

    status: str
    datastore: Datastore | None
    instance_id: str | None
    backups: Sequence[Backup]
    sizes: Sequence[float]
    lengths: Sequence[int]
    unresolved: Sequence[int]
    newest: Backup

    @property
    def datastore_type(self) -> str | None:
        """What the API says of it, if that is anything."""
        return (self.datastore and self.datastore.type) or None


def group_backups(backups: Iterable[Backup]) -> Sequence[BackupGroup]:
    """Divide `backups`, each of which stands there once; their order makes no difference to what is said.

    Parents are compared here, where neighbours in time are neighbours in memory still: elsewhere each is a
    cache miss.
    """
    by_age = sorted(backups, key=_creation)
    alike: defaultdict[_Likeness, _Members] = defaultdict(lambda: ([], [], [], []))
    for backup in by_age:
        members, sizes, lengths, unresolved = alike[backup.status, backup.datastore, backup.instance_id]
        parent = backup.parent_id
        if parent and members and parent == members[-1].id:
            lengths.append(lengths[-1] + 1)
        elif parent and lengths and lengths[-1] > 1 and parent == members[-1].parent_id:
            lengths.append(lengths[-1])
        else:
            lengths.append(1)
            if parent and parent != backup.id:  # which it is in the vendor's example, of a full one
                unresolved.append(len(members))
        members.append(backup)
        if size := backup.size:
            sizes.append(size)
    return [
        BackupGroup(*likeness, members, sizes, lengths, unresolved, _newest(members))
        for likeness, (members, sizes, lengths, unresolved) in alike.items()
    ]


def newest(groups: Iterable[BackupGroup]) -> Backup | None:
    """Return the backup created last; of several the one with the greatest id."""
    return max((group.newest for group in groups), key=rank, default=None)


def _newest(by_age: Sequence[Backup]) -> Backup:
    moment = by_age[-1].created_at
    return max(takewhile(lambda backup: backup.created_at == moment, reversed(by_age)), key=_id)
