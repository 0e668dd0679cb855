"""Every metric of a target: its name, help text, labels and value."""

from typing import Final

from exporter.metrics import rows
from exporter.metrics.section import Gauge, LiveGauge, Section, UserLabels, age
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
            lambda group, now: age(group.newest_timestamp, now),
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

RESTORABILITY: Final = Section(
    "Restorability",
    ("datastore_type", "instance_id"),
    rows.assessments,
    (
        Gauge(
            "bycloud_database_restorable_backups",
            "Backups that can be restored: they and all backups that they depend on have a usable status."
            " 0 for a known instance without one.",
            lambda database: database.restorable,
        ),
        Gauge(
            "bycloud_database_restorable_newest_timestamp_seconds",
            "When the newest restorable backup was created, as a Unix timestamp.",
            lambda database: database.newest_timestamp,
        ),
        LiveGauge(
            "bycloud_database_restorable_newest_age_seconds",
            "Time since the newest restorable backup was created.",
            lambda database, now: age(database.newest_timestamp, now),
        ),
        Gauge(
            "bycloud_database_restorable_oldest_timestamp_seconds",
            "When the oldest restorable backup was created, as a Unix timestamp: the begin of the recovery"
            " window.",
            lambda database: database.oldest_timestamp,
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

OWNERS: Final = Section(
    "Labels of objectives",
    ("datastore_type", "instance_id"),
    rows.owners,
    (
        Gauge(
            "bycloud_database_labels",
            "1 for each instance with labels, which come from its objective. A label that it lacks is empty.",
            lambda _: 1,
        ),
    ),
    from_snapshot=True,
    user_labels=UserLabels("label_<name>", rows.owner_labels),
)

SCRAPE: Final = Section(
    "The scrape",
    (),
    rows.scrape,
    (
        Gauge(
            "bycloud_up",
            "1 if the last finished walk of the API was complete, else 0. 0 before the first walk.",
            lambda result: result.up,
        ),
        Gauge(
            "bycloud_last_success_timestamp_seconds",
            "When the last complete walk ended, as a Unix timestamp. The backup metrics come from this walk."
            " Kept while walks fail.",
            lambda result: result.last_success,
        ),
        Gauge(
            "bycloud_scrape_duration_seconds",
            "Duration of the last finished walk.",
            lambda result: result.last_walk.seconds if result.last_walk else None,
        ),
        Gauge(
            "bycloud_scrape_pages",
            "Pages read by the last finished walk.",
            lambda result: result.last_walk.pages if result.last_walk else None,
        ),
        Gauge(
            "bycloud_scrape_requests",
            "API requests of the last finished walk, including retries.",
            lambda result: result.last_walk.requests if result.last_walk else None,
        ),
        Gauge(
            "bycloud_scrape_deferred",
            "1 if this scrape started no walk because too few API requests were left, else 0.",
            lambda result: result.deferred,
        ),
        Gauge(
            "bycloud_scrape_walk_interval_seconds",
            "Time between walks that the API's request budget and the setting `min_walk_interval` allow now."
            " 0: every scrape walks.",
            lambda result: result.walk_interval,
        ),
        Gauge(
            "bycloud_scrape_objective_backups",
            "The account's quota of backups: the setting `max_backups`. No sample without it.",
            lambda result: result.objective_backups,
        ),
    ),
)

WALKED_BACKUPS: Final = Section(
    "The last complete walk",
    (),
    rows.snapshot,
    (
        Gauge("bycloud_scrape_backups", "Distinct backups read.", lambda snapshot: snapshot.backups),
        Gauge(
            "bycloud_scrape_reported_backups",
            "Backups that exist according to the API (`meta.total`).",
            lambda snapshot: snapshot.reported,
        ),
        Gauge(
            "bycloud_scrape_malformed_backups",
            "Records skipped because they have no usable id, status or creation time."
            " No other metric counts them.",
            lambda snapshot: snapshot.malformed,
        ),
        Gauge(
            "bycloud_scrape_duplicate_backups",
            "Records that the API returned more than once. Each backup counts once.",
            lambda snapshot: snapshot.duplicates,
        ),
        Gauge(
            "bycloud_scrape_unknown_status_backups",
            "Backups with a status that is in no class of the setting `statuses`.",
            lambda snapshot: sum(count for _, count in snapshot.summary.unknown_statuses),
        ),
        Gauge(
            "bycloud_scrape_future_backups",
            "Backups with a creation time in the future, by the exporter's clock at the end of the walk."
            " Their age is 0.",
            lambda snapshot: snapshot.future,
        ),
        Gauge(
            "bycloud_scrape_excluded_backups",
            "Backups that the setting `exclude` leaves out of the other metrics.",
            lambda snapshot: snapshot.excluded,
        ),
        Gauge(
            "bycloud_scrape_size_unit_bytes",
            "Bytes per unit of the API's sizes, as configured or as `size_unit: auto` decided. No sample, and"
            " no sizes, while it is undecided.",
            lambda snapshot: snapshot.bytes_per_unit,
        ),
    ),
    from_snapshot=True,
)

FAILURES: Final = Section(
    "Why the last walk failed",
    ("reason",),
    rows.failures,
    (
        Gauge(
            "bycloud_scrape_failure",
            "1 for the reason why the last finished walk failed, else 0.",
            lambda is_reason: is_reason,
        ),
    ),
)

COLLECTORS: Final = Section(
    "Collectors",
    ("collector",),
    rows.collectors,
    (
        Gauge(
            "bycloud_scrape_collector_success",
            "1 if the last finished walk of this list was complete, else 0.",
            lambda is_ok: is_ok,
        ),
    ),
)

SECTIONS: Final = (
    BACKUPS,
    RESTORABILITY,
    BROKEN_CHAINS,
    NAMES,
    OWNERS,
    SCRAPE,
    WALKED_BACKUPS,
    FAILURES,
    COLLECTORS,
)
