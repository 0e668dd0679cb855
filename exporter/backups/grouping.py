"""Groups of backups that share their status, type of datastore and instance."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Final

from msgspec import Struct

from exporter.records import Backup

_Key = tuple[str, str | None, str | None]
_NUMBER: Final = "d"
_created_at = attrgetter("created_at")
_id = attrgetter("id")
rank = attrgetter("created_at", "id")
"""The key by which the greatest of several backups is the newest."""


class BackupGroup(Struct, frozen=True):
    """The backups of one status, type of datastore and instance.

    :param datastore_type: `None` if it is absent or empty.
    :param backups: at least one, the oldest first.
    :param times: when each was created, in Unix seconds; packed, as later passes read them all.
    :param sizes: those that are neither null nor 0, in the API's unit; packed too.
    :param newest: the one created last; the one with the greatest id if several were created at that time.
    """

    status: str
    datastore_type: str | None
    instance_id: str | None
    backups: Sequence[Backup]
    times: Sequence[float]
    sizes: Sequence[float]
    newest: Backup


def group_backups(backups: Iterable[Backup]) -> Sequence[BackupGroup]:
    """Return the groups of `backups`.

    :param backups: each backup once, in any order.
    """
    groups: defaultdict[_Key, tuple[list[Backup], array[float], array[float]]] = defaultdict(
        lambda: ([], array(_NUMBER), array(_NUMBER))
    )
    for backup in sorted(backups, key=_created_at):
        datastore = backup.datastore
        datastore_type = (datastore and datastore.type) or None
        members, times, sizes = groups[backup.status, datastore_type, backup.instance_id]
        members.append(backup)
        times.append(backup.created_at.timestamp())  # a second pass would miss the processor's cache
        if size := backup.size:
            sizes.append(size)
    return [BackupGroup(*key, *parts, _newest(parts[0])) for key, parts in groups.items()]


def newest(groups: Iterable[BackupGroup]) -> Backup | None:
    """Return the newest backup of all groups; `None` if there is no group."""
    return max((group.newest for group in groups), key=rank, default=None)


def _newest(oldest_first: Sequence[Backup]) -> Backup:
    last = oldest_first[-1].created_at
    return max(takewhile(lambda backup: backup.created_at == last, reversed(oldest_first)), key=_id)
