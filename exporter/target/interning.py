"""Equal values of a walk's backups, kept once: a million have few statuses, instances and datastores."""

from typing import Any

from msgspec.structs import force_setattr

from exporter.records import Backup, Page


class Interner:
    """Puts the first of equal values in the others' place, which nobody can tell."""

    def __init__(self) -> None:
        self._first: dict[Any, Any] = {}

    def __call__(self, page: Page[Backup]) -> Page[Backup]:
        """Return the same page."""
        first = self._first.setdefault
        for backup in page.records:
            status, instance, datastore = backup.status, backup.instance_id, backup.datastore
            force_setattr(backup, "status", first(status, status))
            force_setattr(backup, "instance_id", first(instance, instance))
            force_setattr(backup, "datastore", first(datastore, datastore))
        return page
