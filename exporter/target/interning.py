"""A walk's backups in little memory: equal values once, and without the text that nobody reads.

A million backups have few statuses and instances, but a million names and storage locations.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from msgspec.structs import replace

from exporter.config import Target
from exporter.records import Backup, Page, is_cinder_snapshot

SNAPSHOT: Final = "cinder://-"
"""Stands for the location of every Cinder snapshot: only its kind matters."""
MOST_PARENTS: Final = 100_000
"""At most about this many parents' ids are kept until the parents arrive: one for each open chain."""


class Interner:
    """Copies pages so that equal statuses, instance ids and datastores are one object.

    A parent's id and its child's reference to it are one object too where the child comes first, as in the
    API's order. That saves a seventh of a walk's memory.

    A name is kept if someone may read it: of a backup that may break a chain, or that a setting selects by
    name. Safe to use from many threads. A copy takes about as long as decoding the page.

    :param usable: the statuses of backups that break no chain.
    :param name_patterns: shell patterns of the names that a setting selects.
    """

    def __init__(self, usable: frozenset[str] = frozenset(), name_patterns: Iterable[str] = ()) -> None:
        self._values: dict[Any, Any] = {}
        self._awaited: dict[str, str] = {}
        self._usable = usable
        self._name_patterns: Sequence[str] = tuple(name_patterns)
        self._unnamed = frozenset() if self._name_patterns else usable

    def __repr__(self) -> str:
        return f"Interner({len(self._values)} values)"

    @property
    def awaited_parents(self) -> int:
        """How many parents' ids are kept until the parents arrive."""
        return len(self._awaited)

    @classmethod
    def of(cls, target: Target) -> "Interner":
        """Return an interner that keeps the names which a target's settings need."""
        patterns = (exclusion.backup_name for exclusion in target.exclude)
        return cls(target.statuses.usable, filter(None, patterns))

    def intern(self, page: Page[Backup]) -> Page[Backup]:
        """Return a page that means the same."""
        shared, unnamed = self._values.setdefault, self._unnamed
        if len(self._awaited) > MOST_PARENTS:
            self._awaited.clear()
        awaited, arrived = self._awaited.setdefault, self._awaited.pop
        records = [
            Backup(  # in the order of its fields
                arrived(backup_id := backup.id, backup_id),
                shared(status := backup.status, status),
                backup.created_at,
                backup.updated_at,
                shared(instance_id := backup.instance_id, instance_id),
                (parent_id := backup.parent_id) and awaited(parent_id, parent_id),
                backup.size,
                shared(datastore := backup.datastore, datastore),
                None if status in unnamed else self._kept_name(backup),
                SNAPSHOT if (ref := backup.location_ref) and is_cinder_snapshot(ref) else None,
            )
            for backup in page.records
        ]
        return replace(page, records=tuple(records))

    def _kept_name(self, backup: Backup) -> str | None:
        name = backup.name or None
        if name is None or backup.status not in self._usable:
            return name
        return name if any(fnmatchcase(name, pattern) for pattern in self._name_patterns) else None
