"""What is served of a target: one table of metrics, and the metric families that it makes of an answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily

from exporter.errors import Reason
from exporter.results import DatabaseAssessment, GroupSummary, ScrapeResult

Labels = tuple[str, ...]
KEPT: Final = "May come from the last complete walk: see bycloud_last_success_timestamp_seconds."


class Gauge(Struct, frozen=True):
    """One metric: `value` takes a row of its section and the time; `None` is no sample."""

    name: str
    help: str
    value: Callable[[Any, float], float | None]
    is_age: bool = False


class Section(Struct, frozen=True):
    """Metrics of the same labels; `rows` takes an answer and gives label values, each with a row."""

    title: str
    labels: Labels
    rows: Callable[[ScrapeResult], Iterable[tuple[Labels, Any]]]
    gauges: Sequence[Gauge]


def families(answer: ScrapeResult, now: float, *, ages: bool = True) -> Iterator[GaugeMetricFamily]:
    """Make new metric families of what `answer` says at `now` (Unix seconds); without samples, none."""
    for section in SECTIONS:
        rows = [(dict(zip(section.labels, labels, strict=True)), row) for labels, row in section.rows(answer)]
        for gauge in section.gauges:
            family = _family(section, gauge)
            for labels, row in rows:  # whose dict all metrics share
                value = gauge.value(row, now)
                if value is not None:
                    family.add_sample(gauge.name, labels, value)
            if family.samples and (ages or not gauge.is_age):
                yield family


def described() -> Iterator[GaugeMetricFamily]:
    """Name every family that there may be, without samples and without a walk."""
    for section in SECTIONS:
        for gauge in section.gauges:
            yield _family(section, gauge)


def _family(section: Section, gauge: Gauge) -> GaugeMetricFamily:
    return GaugeMetricFamily(gauge.name, gauge.help, labels=section.labels)


def _groups(answer: ScrapeResult) -> Iterable[tuple[Labels, GroupSummary]]:
    return [(group.key, group) for group in answer.snapshot.summary.groups] if answer.snapshot else ()


def _itself(answer: ScrapeResult) -> Iterable[tuple[Labels, ScrapeResult]]:
    return [((), answer)]


def _reasons(answer: ScrapeResult) -> Iterable[tuple[Labels, bool]]:
    return [((reason.value,), reason == answer.failure) for reason in Reason]


def _collectors(answer: ScrapeResult) -> Iterable[tuple[Labels, bool]]:
    yield ("backups",), answer.up
    if answer.instances_ok is not None:
        yield ("instances",), answer.instances_ok


def _recoveries(answer: ScrapeResult) -> Iterable[tuple[Labels, DatabaseAssessment]]:
    found = answer.snapshot.assessments if answer.snapshot else ()
    return [((one.datastore_type, one.instance_id), one) for one in found]


def _broken(answer: ScrapeResult) -> Iterable[tuple[Labels, int]]:
    for labels, recovery in _recoveries(answer):
        for reason, count in recovery.unrestorable:
            yield (*labels, reason), count


def _named(answer: ScrapeResult) -> Iterable[tuple[Labels, None]]:
    for labels, recovery in _recoveries(answer):
        if recovery.instance_name:
            more = (recovery.instance_name, recovery.datastore_version or "", recovery.replica_of or "")
            yield (*labels, *more), None


def _since(timestamp: float | None, now: float) -> float | None:
    """Return an age; that of a moment in the future is 0."""
    return None if timestamp is None else max(0.0, now - timestamp)


def _unknown_statuses(answer: ScrapeResult) -> float | None:
    if answer.snapshot is None:
        return None
    return sum(count for _, count in answer.snapshot.summary.unknown_statuses)


SECTIONS: Final = (
    Section(
        "Backups",
        ("status", "datastore_type", "instance_id"),
        _groups,
        (
            Gauge("bycloud_database_backups", f"Number of backups. {KEPT}", lambda group, _: group.count),
            Gauge(
                "bycloud_database_backups_size_bytes",
                f"Total size of the backups; one without a size adds nothing. {KEPT}",
                lambda group, _: group.size_bytes,
            ),
            Gauge(
                "bycloud_database_backup_newest_age_seconds",
                f"Time since the newest backup was created, at the moment of the scrape. {KEPT}",
                lambda group, now: _since(group.newest_timestamp, now),
                is_age=True,
            ),
            Gauge(
                "bycloud_database_backup_newest_timestamp_seconds",
                f"When the newest backup was created. {KEPT}",
                lambda group, _: group.newest_timestamp,
            ),
            Gauge(
                "bycloud_database_backup_oldest_timestamp_seconds",
                f"When the oldest backup was created. {KEPT}",
                lambda group, _: group.oldest_timestamp,
            ),
            Gauge(
                "bycloud_database_backup_newest_size_bytes",
                f"Size of the newest backup. {KEPT}",
                lambda group, _: group.newest_size_bytes,
            ),
            Gauge(
                "bycloud_database_backup_newest_duration_seconds",
                f"How long the newest backup took, from creation to last update; finished ones only. {KEPT}",
                lambda group, _: group.newest_duration_seconds,
            ),
        ),
    ),
    Section(
        "Recoverability",
        ("datastore_type", "instance_id"),
        _recoveries,
        (
            Gauge(
                "bycloud_database_restorable_backups",
                "Backups that can be restored: usable, and so is every backup that they build on."
                f" 0 for a known instance without one. {KEPT}",
                lambda recovery, _: recovery.restorable,
            ),
            Gauge(
                "bycloud_database_restorable_newest_timestamp_seconds",
                f"When the newest restorable backup was created. {KEPT}",
                lambda recovery, _: recovery.newest_timestamp,
            ),
            Gauge(
                "bycloud_database_restorable_newest_age_seconds",
                f"Time since the newest restorable backup was created, at the moment of the scrape. {KEPT}",
                lambda recovery, now: _since(recovery.newest_timestamp, now),
                is_age=True,
            ),
            Gauge(
                "bycloud_database_restorable_newest_chain_length",
                f"Backups that a restore of the newest restorable one reads: 1 is a full backup. {KEPT}",
                lambda recovery, _: recovery.newest_chain_length,
            ),
            Gauge(
                "bycloud_database_restorable_newest_full_timestamp_seconds",
                f"When the newest restorable full backup was created. {KEPT}",
                lambda recovery, _: recovery.newest_full_timestamp,
            ),
            Gauge(
                "bycloud_database_restorable_newest_full_size_bytes",
                f"Size of the newest restorable full backup. {KEPT}",
                lambda recovery, _: recovery.newest_full_size_bytes,
            ),
            Gauge(
                "bycloud_database_backup_running_oldest_timestamp_seconds",
                f"When the oldest backup that still runs was created. {KEPT}",
                lambda recovery, _: recovery.running_oldest_timestamp,
            ),
            Gauge(
                "bycloud_database_backup_last_attempt_failed",
                f"1 if the newest finished attempt at a backup failed, else 0. {KEPT}",
                lambda recovery, _: recovery.last_attempt_failed,
            ),
            Gauge(
                "bycloud_database_backup_objective_age_seconds",
                f"How old the newest restorable backup may be; no sample where nothing is asked. {KEPT}",
                lambda recovery, _: recovery.objective_age,
            ),
            Gauge(
                "bycloud_database_backup_objective_duration_seconds",
                f"How long a backup may run; no sample where nothing is asked. {KEPT}",
                lambda recovery, _: recovery.objective_duration,
            ),
        ),
    ),
    Section(
        "Broken chains",
        ("datastore_type", "instance_id", "reason"),
        _broken,
        (
            Gauge(
                "bycloud_database_unrestorable_backups",
                "Backups of a usable status whose chain is broken, by the broken link nearest to them;"
                f" no sample where there is none. {KEPT}",
                lambda count, _: count,
            ),
        ),
    ),
    Section(
        "Names",
        ("datastore_type", "instance_id", "instance_name", "datastore_version", "replica_of"),
        _named,
        (
            Gauge(
                "bycloud_database_instance_info",
                f"1 for each instance whose name is known, from the API's list or the configuration. {KEPT}",
                lambda _, __: 1,
            ),
        ),
    ),
    Section(
        "The scrape",
        (),
        _itself,
        (
            Gauge(
                "bycloud_up",
                "1 if the last finished walk was complete and well, else 0; 0 before the first.",
                lambda answer, _: answer.up,
            ),
            Gauge(
                "bycloud_last_success_timestamp_seconds",
                "When the last complete walk ended: the backup gauges come from it. Kept through an outage.",
                lambda answer, _: answer.last_success,
            ),
            Gauge(
                "bycloud_scrape_duration_seconds",
                "How long the last finished walk took.",
                lambda answer, _: answer.last_walk and answer.last_walk.seconds,
            ),
            Gauge(
                "bycloud_scrape_pages",
                "Pages that the last finished walk read.",
                lambda answer, _: answer.last_walk and answer.last_walk.pages,
            ),
            Gauge(
                "bycloud_scrape_requests",
                "API requests of the last finished walk, retries included.",
                lambda answer, _: answer.last_walk and answer.last_walk.requests,
            ),
            Gauge(
                "bycloud_scrape_deferred",
                "1 if this scrape began no walk, since the API's budget allowed none, else 0.",
                lambda answer, _: answer.deferred,
            ),
            Gauge(
                "bycloud_scrape_backups",
                f"Distinct backups that were read. {KEPT}",
                lambda answer, _: answer.snapshot and answer.snapshot.summary.backups,
            ),
            Gauge(
                "bycloud_scrape_reported_backups",
                f"Backups that there are by the API's own count (`meta.total`). {KEPT}",
                lambda answer, _: answer.snapshot and answer.snapshot.reported,
            ),
            Gauge(
                "bycloud_scrape_malformed_backups",
                f"Records without a usable id, status or creation time, which no other gauge counts. {KEPT}",
                lambda answer, _: answer.snapshot and answer.snapshot.malformed,
            ),
            Gauge(
                "bycloud_scrape_duplicate_backups",
                f"Records that came again within the walk; each backup is counted once. {KEPT}",
                lambda answer, _: answer.snapshot and answer.snapshot.duplicates,
            ),
            Gauge(
                "bycloud_scrape_unknown_status_backups",
                f"Backups of a status that no class of the setting `statuses` names. {KEPT}",
                lambda answer, _: _unknown_statuses(answer),
            ),
            Gauge(
                "bycloud_scrape_future_backups",
                "Backups that were created in the future when their walk ended, by the exporter's clock;"
                f" their age is 0. {KEPT}",
                lambda answer, _: answer.snapshot and answer.snapshot.future,
            ),
        ),
    ),
    Section(
        "Why the last walk failed",
        ("reason",),
        _reasons,
        (
            Gauge(
                "bycloud_scrape_failure",
                "1 for the reason why the last finished walk failed, else 0.",
                lambda is_reason, _: is_reason,
            ),
        ),
    ),
    Section(
        "What was walked",
        ("collector",),
        _collectors,
        (
            Gauge(
                "bycloud_scrape_collector_success",
                "1 if the collector's last finished walk was complete and well, else 0.",
                lambda is_well, _: is_well,
            ),
        ),
    ),
)
