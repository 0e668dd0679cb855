"""Leaves backups and databases out of an assessment, as the configuration says."""

from collections.abc import Collection, Iterable, Mapping

from exporter.backups.inventory import Inventory
from exporter.backups.summary import UNKNOWN
from exporter.config import Exclusion
from exporter.records import Backup


def without_excluded_backups(
    backups: Mapping[str, Backup], exclusions: Iterable[Exclusion], inventory: Inventory
) -> Collection[Backup]:
    """Return the backups that no entry with a pattern for the backup's name excludes.

    :param backups: all backups of a list by id; excluded ones still resolve chains.
    :param inventory: has the last known names.
    """
    by_name = [exclusion for exclusion in exclusions if exclusion.backup_name is not None]
    if not by_name:
        return backups.values()
    return [
        backup
        for backup in backups.values()
        if not any(
            exclusion.covers_name(backup.name) and _covers_database_of(exclusion, backup, inventory)
            for exclusion in by_name
        )
    ]


def excluded_instances(
    types: Mapping[str, str], exclusions: Iterable[Exclusion], inventory: Inventory
) -> frozenset[str]:
    """Return the ids of the databases that are left out as a whole.

    :param types: the datastore type of each known database by id.
    :param inventory: has the last known names.
    """
    whole = [exclusion for exclusion in exclusions if exclusion.backup_name is None]
    names = inventory.names_of(types)
    return frozenset(
        instance_id
        for instance_id, datastore_type in types.items()
        if any(
            exclusion.covers_database(instance_id, names.get(instance_id), datastore_type)
            for exclusion in whole
        )
    )


def is_type_excluded(datastore_type: str | None, exclusions: Iterable[Exclusion]) -> bool:
    """Whether backups without `instance_id` are left out: only a pattern for their type can match them."""
    whole = (exclusion for exclusion in exclusions if exclusion.backup_name is None)
    return any(exclusion.covers_database(None, None, datastore_type or UNKNOWN) for exclusion in whole)


def _covers_database_of(exclusion: Exclusion, backup: Backup, inventory: Inventory) -> bool:
    instance_id = backup.instance_id or None
    instance = inventory.instance(instance_id) if instance_id else None
    own_type = (backup.datastore and backup.datastore.type) or UNKNOWN
    datastore_type = (instance and instance.datastore_type) or own_type
    return exclusion.covers_database(instance_id, instance.pattern_name if instance else None, datastore_type)
