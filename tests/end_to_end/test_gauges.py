"""The text that Prometheus reads, compared with a naive sum over the API's records."""

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from exporter.backups.grouping import group_backups
from exporter.backups.summary import summarize
from exporter.config import Statuses
from exporter.metrics.collector import TargetCollector
from exporter.records import Backup, Datastore
from exporter.results import ScrapeResult, Snapshot, WalkStats
from exporter.simulator.quirks import Quirks
from exporter.walk import PageSize, walk
from tests.support.builders import FakeList
from tests.support.world import World

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
LABELS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
BACKUPS = st.builds(
    Backup,
    id=st.uuids().map(str),
    status=st.sampled_from(["COMPLETED", "FAILED", "BUILDING"]) | LABELS,
    created_at=MOMENTS,
    updated_at=st.none() | MOMENTS,
    instance_id=st.none() | st.sampled_from(["one", "two"]) | LABELS,
    size=st.none() | st.floats(0, 1e12),
    datastore=st.none() | st.builds(Datastore, type=st.none() | st.sampled_from(["redis", "mysql"])),
)
QUIRKS = st.builds(
    Quirks,
    links=st.booleans(),
    has_more=st.booleans(),
    max_limit=st.none() | st.integers(1, 30),
    over_limit=st.sampled_from(["lower", "refuse"]),
    time_style=st.sampled_from(["Z", "fractions", "+00:00", "no zone"]),
)
Labels = tuple[str, str, str]


@given(
    fleet=st.lists(BACKUPS, max_size=60, unique_by=lambda backup: backup.id),
    quirks=QUIRKS,
    size=st.integers(1, 30),
)
def test_the_gauges_equal_a_naive_sum(fleet: list[Backup], quirks: Quirks, size: int) -> None:
    """They are equal for any list of backups, page size, limit and quirk of paging."""
    refused = quirks.over_limit == "refuse" and quirks.max_limit is not None
    api = FakeList(tuple(fleet), quirks)
    walked = walk(api.fetch, PageSize(min(size, quirks.max_limit or size) if refused else size))
    snapshot = Snapshot(
        summary=summarize(group_backups(walked.records.values()), bytes_per_unit=1024, statuses=Statuses()),
        duplicates=walked.duplicates,
        malformed=walked.malformed,
        reported=walked.reported,
        completed_at=0.0,
    )

    served = gauges(snapshot)

    groups: defaultdict[Labels, list[Backup]] = defaultdict(list)
    for backup in fleet:
        kind = backup.datastore.type if backup.datastore else None
        groups[(backup.status, kind or "unknown", backup.instance_id or "unknown")].append(backup)
    assert served["bycloud_database_backups"] == {labels: len(held) for labels, held in groups.items()}
    assert served["bycloud_scrape_backups"].get(("", "", ""), 0) == len(fleet)
    for labels, held in groups.items():
        newest = max(held, key=lambda backup: backup.created_at).created_at.timestamp()
        assert served["bycloud_database_backups_size_bytes"][labels] == _about(
            sum(backup.size or 0 for backup in held) * 1024
        )
        assert served["bycloud_database_backup_newest_timestamp_seconds"][labels] == newest
        assert served["bycloud_database_backup_newest_age_seconds"][labels] == max(0, 4e9 - newest)


def gauges(snapshot: Snapshot) -> dict[str, dict[Labels, float]]:
    """Parse what is served of a snapshot at a time in the far future."""
    result = ScrapeResult(
        up=True,
        failure=None,
        deferred=False,
        snapshot=snapshot,
        last_success=0.0,
        last_walk=WalkStats(1.0, 1, 1),
    )
    registry = CollectorRegistry()
    registry.register(TargetCollector(result, clock=World(4e9)))
    served: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = sample.labels
            key = (labels.get("status", ""), labels.get("datastore_type", ""), labels.get("instance_id", ""))
            served[sample.name][key] = sample.value
    return served


class _about(float):  # noqa: N801 - reads as a word
    """A float that equals values that differ only by rounding."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and abs(self - other) <= 1e-9 * max(abs(self), abs(other))

    __hash__ = float.__hash__
