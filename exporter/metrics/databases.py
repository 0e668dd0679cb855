"""Every metric of backups and databases: its name, help text, labels and value."""

from typing import Final

from exporter.metrics import rows
from exporter.metrics.section import Gauge, LiveGauge, Section, UserLabels
from exporter.moments import seconds_since
from exporter.results import DatabaseAssessment


def _largest_gap(database: DatabaseAssessment, now: float) -> float | None:
    gap = database.largest_gap(now)
    return None if gap is None else gap.seconds


BACKUPS: Final = Section(
    "Backups",
    ("status", "datastore_type", "instance_id"),
    rows.groups,
    (
        Gauge("bycloud_database_backups", "Number of backups.", lambda group: group.count),
        Gauge(
            "bycloud_database_backups_size_bytes",
            "Total size of the backups. A backup without a size counts as 0 bytes.",
            lambda group: group.size_bytes,
        ),
        LiveGauge(
            "bycloud_database_backup_newest_age_seconds",
            "Time since the newest backup was created.",
            lambda group, now: seconds_since(group.newest_timestamp, now),
        ),
        Gauge(
            "bycloud_database_backup_newest_timestamp_seconds",
            "When the newest backup was created, as a Unix timestamp.",
            lambda group: group.newest_timestamp,
        ),
        Gauge(
            "bycloud_database_backup_oldest_timestamp_seconds",
            "When the oldest backup was created, as a Unix timestamp.",
            lambda group: group.oldest_timestamp,
        ),
        Gauge(
            "bycloud_database_backup_newest_size_bytes",
            "Size of the newest backup.",
            lambda group: group.newest_size_bytes,
        ),
        Gauge(
            "bycloud_database_backup_newest_duration_seconds",
            "Time from the creation of the newest backup to its last update. Finished backups only.",
            lambda group: group.newest_duration_seconds,
        ),
    ),
    from_snapshot=True,
)

DATABASES: Final = Section(
    "Restorability",
    ("datastore_type", "instance_id"),
    rows.assessments,
    (
        Gauge(
            "bycloud_database_restorable_backups",
            "Backups that can be restored: they and all backups that they depend on have a usable status."
            " 0 for a known instance without one.",
            lambda database: database.restorable_backups,
        ),
        Gauge(
            "bycloud_database_restorable_newest_timestamp_seconds",
            "When the newest restorable backup was created, as a Unix timestamp.",
            lambda database: database.restorable_newest_timestamp,
        ),
        LiveGauge(
            "bycloud_database_restorable_newest_age_seconds",
            "Time since the newest restorable backup was created.",
            lambda database, now: seconds_since(database.restorable_newest_timestamp, now),
        ),
        Gauge(
            "bycloud_database_restorable_oldest_timestamp_seconds",
            "When the oldest restorable backup was created, as a Unix timestamp: the beginning of the"
            " recovery window.",
            lambda database: database.restorable_oldest_timestamp,
        ),
        LiveGauge(
            "bycloud_database_restorable_largest_gap_seconds",
            "Largest time between two neighbouring restorable backups, or since the newest one. With an"
            " objective of retention, only gaps that end within it.",
            _largest_gap,
        ),
        Gauge(
            "bycloud_database_usable_newest_timestamp_seconds",
            "When the newest backup with a usable status was created, as a Unix timestamp, even if a backup"
            " that it depends on is missing or has failed.",
            lambda database: database.usable_newest_timestamp,
        ),
        Gauge(
            "bycloud_database_restorable_newest_chain_length",
            "Number of backups needed to restore the newest restorable backup. 1: it is a full backup.",
            lambda database: database.newest_chain_length,
        ),
        Gauge(
            "bycloud_database_restorable_newest_full_timestamp_seconds",
            "When the newest restorable full backup was created, as a Unix timestamp.",
            lambda database: database.newest_full_timestamp,
        ),
        Gauge(
            "bycloud_database_restorable_newest_full_size_bytes",
            "Size of the newest restorable full backup.",
            lambda database: database.newest_full_size_bytes,
        ),
        Gauge(
            "bycloud_database_backup_running_oldest_timestamp_seconds",
            "When the oldest running backup was created, as a Unix timestamp.",
            lambda database: database.running_oldest_timestamp,
        ),
        Gauge(
            "bycloud_database_backup_last_attempt_failed",
            "1 if the newest finished backup failed, else 0.",
            lambda database: database.last_attempt_failed,
        ),
        Gauge(
            "bycloud_database_backup_objective_age_seconds",
            "Maximum age of the newest restorable backup, as configured. No sample without an objective.",
            lambda database: database.objective.age,
        ),
        Gauge(
            "bycloud_database_backup_objective_duration_seconds",
            "Maximum duration of a backup, as configured. No sample without an objective.",
            lambda database: database.objective.duration,
        ),
        Gauge(
            "bycloud_database_backup_objective_retention_seconds",
            "How far back the restorable backups must reach, as configured. No sample without an objective.",
            lambda database: database.objective.retention,
        ),
        Gauge(
            "bycloud_database_backup_objective_gap_seconds",
            "Maximum gap between restorable backups, as configured. No sample without an objective.",
            lambda database: database.objective.gap,
        ),
        Gauge(
            "bycloud_database_backup_objective_full_age_seconds",
            "Maximum age of the newest restorable full backup, as configured. No sample without an"
            " objective.",
            lambda database: database.objective.full_age,
        ),
        Gauge(
            "bycloud_database_backup_objective_chain_length",
            "Maximum number of backups needed to restore the newest restorable backup, as configured. No"
            " sample without an objective.",
            lambda database: database.objective.chain_length,
        ),
    ),
    from_snapshot=True,
)

BROKEN_CHAINS: Final = Section(
    "Broken chains",
    ("datastore_type", "instance_id", "reason"),
    rows.unrestorable,
    (
        Gauge(
            "bycloud_database_unrestorable_backups",
            "Backups with a usable status and a broken chain, by the reason of the first broken link."
            " No sample without one.",
            lambda count: count,
        ),
    ),
    from_snapshot=True,
)

NAMES: Final = Section(
    "Names",
    ("datastore_type", "instance_id", "instance_name", "datastore_version", "replica_of"),
    rows.names,
    (
        Gauge(
            "bycloud_database_instance_info",
            "1 for each instance with a known name, from the API's list of instances or the configuration.",
            lambda _: 1,
        ),
    ),
    from_snapshot=True,
)

OBJECTIVE_LABELS: Final = Section(
    "Labels of objectives",
    ("datastore_type", "instance_id"),
    rows.objective_labels,
    (
        Gauge(
            "bycloud_database_labels",
            "1 for each instance with labels, which come from its objective. A label that it lacks is empty.",
            lambda _: 1,
        ),
    ),
    from_snapshot=True,
    user_labels=UserLabels("label_<name>", rows.objective_label_names),
)
