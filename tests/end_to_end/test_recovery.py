"""The recovery windows, owners and settings that Prometheus reads after one walk of the API."""

from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from exporter.app.exporter import Exporter
from exporter.config import (
    Config,
    Count,
    Duration,
    Exclusion,
    MaxDuration,
    Objective,
    PositiveDuration,
    Secret,
    Target,
    Url,
)
from exporter.config.labels import Labels
from exporter.config.objective import Match
from exporter.records import Backup, Datastore
from tests.support.application import get, running
from tests.support.faults import FaultyApi

NOW: Final = datetime.now(UTC).replace(microsecond=0)
HOUR: Final = timedelta(hours=1)
REDIS: Final = Datastore("redis")
GIB: Final = 2**30


def backup(name: str, age: timedelta, *, status: str = "COMPLETED", parent: str | None = None) -> Backup:
    """Return a backup of the database `pay`, of 1.5 units."""
    made = NOW - age
    return Backup(name, status, made, made + HOUR, "pay", parent, 1.5, REDIS, name=f"nightly {name}")


FLEET: Final = (
    backup("full-1", 60 * HOUR),
    backup("full-2", 30 * HOUR),
    backup("incremental", 20 * HOUR, parent="full-2"),
    backup("failed", 10 * HOUR, status="FAILED", parent="incremental"),
    backup("broken", 5 * HOUR, parent="failed"),
    backup("scratch", 1 * HOUR),
)
OBJECTIVE: Final = Objective(
    Match(instance_id="pay"),
    max_age=MaxDuration(Duration(3600)),
    min_retention=PositiveDuration(86_400),
    max_gap=MaxDuration(Duration(7200)),
    max_full_age=MaxDuration(Duration(10_800)),
    max_chain=Count(14),
    labels=Labels([("team", "payments")]),
)


def test_everything_about_a_database_is_served() -> None:
    """Its window, its gap, its objective and its owner; the excluded backup is only counted."""
    with FaultyApi(backups=FLEET) as api:
        target = Target(
            name="default",
            url=Url(api.url),
            api_key=Secret("demo:demo-secret"),
            size_unit="auto",
            instances="off",
            max_backups=Count(50),
            min_walk_interval=Duration(90),
            exclude=(Exclusion(backup_name="nightly scratch"),),
        )
        config = Config(targets=(target,), objectives=(OBJECTIVE,))
        with (
            Exporter(config) as exporter,
            running(exporter.application(telemetry_path="/metrics", max_requests=40)) as url,
        ):
            text = get(f"{url}/metrics").text
    served = {
        sample.name: sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("bycloud_") and "status" not in sample.labels
    }

    def value(name: str) -> float:
        return served[f"bycloud_{name}"].value

    assert value("database_restorable_backups") == 3
    assert value("database_restorable_oldest_timestamp_seconds") == (NOW - 60 * HOUR).timestamp()
    assert value("database_restorable_newest_timestamp_seconds") == (NOW - 20 * HOUR).timestamp()
    assert value("database_usable_newest_timestamp_seconds") == (NOW - 5 * HOUR).timestamp()
    assert value("database_restorable_newest_chain_length") == 2
    assert 20 * 3600 <= value("database_restorable_largest_gap_seconds") < 30 * 3600  # that ended too early
    assert [
        value(f"database_backup_objective_{part}")
        for part in ("age_seconds", "retention_seconds", "gap_seconds", "full_age_seconds", "chain_length")
    ] == [3600, 86_400, 7200, 10_800, 14]
    assert "bycloud_database_backup_objective_duration_seconds" not in served
    assert served["bycloud_database_labels"].labels == {
        "datastore_type": "redis",
        "instance_id": "pay",
        "label_team": "payments",
    }
    assert (value("scrape_backups"), value("scrape_excluded_backups")) == (6, 1)
    assert value("scrape_size_unit_bytes") == GIB
    assert (value("scrape_objective_backups"), value("scrape_walk_interval_seconds")) == (50, 90)
    assert value("database_restorable_newest_full_size_bytes") == 1.5 * GIB
