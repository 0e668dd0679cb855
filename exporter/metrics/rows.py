"""The rows of the metrics table: label values, each with what the metrics' values come from."""

from collections.abc import Iterable, Iterator

from exporter.errors import Reason
from exporter.metrics.section import Labels
from exporter.results import DatabaseAssessment, GroupSummary, ScrapeResult, Snapshot


def groups(result: ScrapeResult) -> Iterable[tuple[Labels, GroupSummary]]:
    """Return a row for each group of backups."""
    return [(group.key, group) for group in result.snapshot.summary.groups] if result.snapshot else ()


def assessments(result: ScrapeResult) -> Iterable[tuple[Labels, DatabaseAssessment]]:
    """Return a row for each known instance."""
    databases = result.snapshot.assessments if result.snapshot else ()
    return [((database.datastore_type, database.instance_id), database) for database in databases]


def unrestorable(result: ScrapeResult) -> Iterator[tuple[Labels, int]]:
    """Yield the number of unrestorable backups of each instance, by reason."""
    for labels, database in assessments(result):
        for reason, count in database.unrestorable_by_reason:
            yield (*labels, reason), count


def names(result: ScrapeResult) -> Iterator[tuple[Labels, None]]:
    """Yield a row for each instance with a known name."""
    for labels, database in assessments(result):
        if database.instance_name:
            version, replica_of = database.datastore_version or "", database.replica_of or ""
            yield (*labels, database.instance_name, version, replica_of), None


def objective_labels(result: ScrapeResult) -> Iterator[tuple[Labels, None]]:
    """Yield a row for each instance with labels of its objective."""
    names = _label_names(result)
    for labels, database in assessments(result):
        if database.labels:
            values = dict(database.labels)
            yield (*labels, *(values.get(name, "") for name in names)), None


def objective_label_names(result: ScrapeResult) -> Labels:
    """Return the names of the labels that any instance's objective has, as kube-state-metrics spells them."""
    return tuple(f"label_{name}" for name in _label_names(result))


def scrape(result: ScrapeResult) -> Iterable[tuple[Labels, ScrapeResult]]:
    """Return one row."""
    return [((), result)]


def snapshot(result: ScrapeResult) -> Iterable[tuple[Labels, Snapshot]]:
    """Return one row, or none before the first complete walk."""
    return [((), result.snapshot)] if result.snapshot else ()


def failures(result: ScrapeResult) -> Iterable[tuple[Labels, bool]]:
    """Return for each reason whether it is `ScrapeResult.failure`."""
    return [((reason.value,), reason == result.failure) for reason in Reason]


def collectors(result: ScrapeResult) -> Iterator[tuple[Labels, bool]]:
    """Yield whether the last walk of each list was complete."""
    yield ("backups",), result.up
    if result.instances_ok is not None:
        yield ("instances",), result.instances_ok


def _label_names(result: ScrapeResult) -> Iterable[str]:
    return sorted({name for _, database in assessments(result) for name, _ in database.labels})
