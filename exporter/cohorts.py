"""Cohorts: a walk's backups that are alike in status, datastore and instance. Pure, and without a clock."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter

from msgspec import Struct

from exporter.model import Backup, Datastore

_Likeness = tuple[str, Datastore | None, str | None]
_likeness = attrgetter("status", "datastore", "instance_id")
_creation = attrgetter("created_at")
rank = attrgetter("created_at", "id")
"""What decides which of several backups is the newest."""


class Cohort(Struct, frozen=True):
    """Backups, one at least and the oldest first, that are alike in what stands before them.

    `sizes` are theirs, as far as they are known and above 0.
    """

    status: str
    datastore: Datastore | None
    instance_id: str | None
    backups: Sequence[Backup]
    sizes: Sequence[float]

    @property
    def datastore_type(self) -> str | None:
        """What the API says of it, if that is anything."""
        return (self.datastore and self.datastore.type) or None


def cohorts(backups: Iterable[Backup]) -> Sequence[Cohort]:
    """Divide `backups`, each of which stands there once; their order makes no difference to what is said."""
    by_age = sorted(backups, key=_creation)
    alike: defaultdict[_Likeness, tuple[list[Backup], list[float]]] = defaultdict(lambda: ([], []))
    for likeness, backup in zip(map(_likeness, by_age), by_age, strict=True):
        members, sizes = alike[likeness]
        members.append(backup)
        if backup.size:
            sizes.append(backup.size)
    return [Cohort(*likeness, *found) for likeness, found in alike.items()]


def newest(among: Iterable[Cohort], is_it: Callable[[Backup], bool] | None = None) -> Backup | None:
    """Return the backup created last of which it is true; of several the one with the greatest id."""
    return max(newest_of_each(among, is_it), key=rank, default=None)


def newest_of_each(
    among: Iterable[Cohort], is_it: Callable[[Backup], bool] | None = None
) -> Iterator[Backup]:
    """Yield the `newest` of each cohort that has one."""
    for cohort in among:
        moments = groupby(filter(is_it, reversed(cohort.backups)), _creation)
        yield from (max(same, key=rank) for _, same in islice(moments, 1))
