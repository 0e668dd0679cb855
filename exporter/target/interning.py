"""Equal values of a walk's backups, kept once: a million backups have few statuses and instances."""

from typing import Any

from msgspec.structs import replace

from exporter.records import Backup, Page


class Interner:
    """Copies pages so that equal statuses, instance ids and datastores are one object.

    Safe to use from many threads. A copy takes half as long as decoding the page.
    """

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"Interner({len(self._values)} values)"

    def intern(self, page: Page[Backup]) -> Page[Backup]:
        """Return an equal page."""
        shared = self._values.setdefault
        records = [
            Backup(
                backup.id,
                shared(status := backup.status, status),
                backup.created_at,
                backup.updated_at,
                shared(instance_id := backup.instance_id, instance_id),
                backup.parent_id,
                backup.size,
                shared(datastore := backup.datastore, datastore),
            )
            for backup in page.records
        ]
        return replace(page, records=tuple(records))
