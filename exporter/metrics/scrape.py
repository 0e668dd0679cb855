"""Every metric of a target's scrape: its name, help text, labels and value."""

from typing import Final

from exporter.metrics import rows
from exporter.metrics.section import Gauge, Section

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
            lambda result: result.max_backups,
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
            "bycloud_scrape_stored_backups",
            "Backups that count towards the account's quota: those that were read, malformed and excluded"
            " ones included, or all that exist according to the API if these are more.",
            lambda snapshot: snapshot.stored,
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
            "Backups that the setting `exclude` leaves out of the metrics of backups and databases.",
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
            "1 for the reason why the last finished walk failed, else 0. Before the first has ended: timeout,"
            " or rate_limited if the request budget allowed none.",
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
