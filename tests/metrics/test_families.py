"""Tests of `exporter.metrics.families` and of the metrics table."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.errors import Reason
from exporter.metrics.collector import TargetCollector
from exporter.metrics.families import described, families
from exporter.metrics.section import SNAPSHOT_NOTE
from exporter.results import GroupKey, ScrapeResult
from tests.conftest import Promtool
from tests.support.scrape_results import ASSESSMENT, FAILED, GROUP, NO_DATA_YET, NOW, OK, SNAPSHOT

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.txt"
BACKUP = ("status", "datastore_type", "instance_id")
CONTRACT: dict[str, tuple[str, ...]] = {
    "bycloud_database_backups": BACKUP,
    "bycloud_database_backups_size_bytes": BACKUP,
    "bycloud_database_backup_newest_age_seconds": BACKUP,
    "bycloud_database_backup_newest_timestamp_seconds": BACKUP,
    "bycloud_database_backup_oldest_timestamp_seconds": BACKUP,
    "bycloud_database_backup_newest_size_bytes": BACKUP,
    "bycloud_database_backup_newest_duration_seconds": BACKUP,
    **dict.fromkeys(
        (
            "bycloud_database_restorable_backups",
            "bycloud_database_restorable_newest_timestamp_seconds",
            "bycloud_database_restorable_newest_age_seconds",
            "bycloud_database_restorable_oldest_timestamp_seconds",
            "bycloud_database_restorable_largest_gap_seconds",
            "bycloud_database_usable_newest_timestamp_seconds",
            "bycloud_database_restorable_newest_chain_length",
            "bycloud_database_restorable_newest_full_timestamp_seconds",
            "bycloud_database_restorable_newest_full_size_bytes",
            "bycloud_database_backup_running_oldest_timestamp_seconds",
            "bycloud_database_backup_last_attempt_failed",
            "bycloud_database_backup_objective_age_seconds",
            "bycloud_database_backup_objective_duration_seconds",
            "bycloud_database_backup_objective_retention_seconds",
            "bycloud_database_backup_objective_gap_seconds",
            "bycloud_database_backup_objective_full_age_seconds",
            "bycloud_database_backup_objective_chain_length",
        ),
        ("datastore_type", "instance_id"),
    ),
    "bycloud_database_unrestorable_backups": ("datastore_type", "instance_id", "reason"),
    "bycloud_database_instance_info": (
        "datastore_type",
        "instance_id",
        "instance_name",
        "datastore_version",
        "replica_of",
    ),
    "bycloud_database_labels": ("datastore_type", "instance_id", "label_cost_center", "label_team"),
    "bycloud_up": (),
    "bycloud_last_success_timestamp_seconds": (),
    "bycloud_scrape_duration_seconds": (),
    "bycloud_scrape_pages": (),
    "bycloud_scrape_requests": (),
    "bycloud_scrape_deferred": (),
    "bycloud_scrape_walk_interval_seconds": (),
    "bycloud_scrape_objective_backups": (),
    "bycloud_scrape_backups": (),
    "bycloud_scrape_reported_backups": (),
    "bycloud_scrape_stored_backups": (),
    "bycloud_scrape_malformed_backups": (),
    "bycloud_scrape_duplicate_backups": (),
    "bycloud_scrape_unknown_status_backups": (),
    "bycloud_scrape_future_backups": (),
    "bycloud_scrape_excluded_backups": (),
    "bycloud_scrape_size_unit_bytes": (),
    "bycloud_scrape_failure": ("reason",),
    "bycloud_scrape_collector_success": ("collector",),
}
"""Metrics may be added. These names and labels never change."""

ALWAYS = {"bycloud_up", "bycloud_scrape_failure", "bycloud_scrape_collector_success"}
REASONS = (
    "auth forbidden client_error rate_limited timeout connection tls server_error bad_response pagination"
)
LABELS = "bycloud_database_labels"
LABEL_NAMES = st.sampled_from(["team", "Team", "_", "instance_id", "label_team", "x" * 60])
LABEL_VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def by_name(result: ScrapeResult, *, now: float = NOW, live: bool = True) -> dict[str, GaugeMetricFamily]:
    """Return the families of a result, by name."""
    return {family.name: family for family in families(result, now, live=live)}


def value(result: ScrapeResult, name: str, *, now: float = NOW, **labels: str) -> float:
    """Return the value of the one sample with these labels."""
    (match,) = (
        sample for sample in by_name(result, now=now)[name].samples if labels.items() <= sample.labels.items()
    )
    return match.value


def test_names_and_labels_are_those_of_the_contract() -> None:
    """Every sample has exactly the labels of its family."""
    by_family = by_name(OK)

    assert list(by_family) == list(CONTRACT)
    for name, labels in CONTRACT.items():
        assert {tuple(sample.labels) for sample in by_family[name].samples} == {labels}
        assert {sample.name for sample in by_family[name].samples} == {name}


def test_every_family_is_described_without_a_result() -> None:
    """The descriptions have the same names and no samples."""
    descriptions = list(described())

    assert [family.name for family in descriptions] == list(CONTRACT)
    assert not any(family.samples for family in descriptions)


def test_the_help_of_a_metric_mentions_a_snapshot() -> None:
    """It names the metric that has the time of the snapshot."""
    noted = {family.name for family in described() if SNAPSHOT_NOTE in family.documentation}

    assert noted == {name for name in CONTRACT if name.startswith("bycloud_database_")} | {
        "bycloud_scrape_backups",
        "bycloud_scrape_stored_backups",
        "bycloud_scrape_reported_backups",
        "bycloud_scrape_malformed_backups",
        "bycloud_scrape_duplicate_backups",
        "bycloud_scrape_unknown_status_backups",
        "bycloud_scrape_future_backups",
        "bycloud_scrape_excluded_backups",
        "bycloud_scrape_size_unit_bytes",
    }


def test_before_the_first_walk() -> None:
    """Only the metrics that are always present, and how walks may start, have samples."""
    assert set(by_name(NO_DATA_YET)) == ALWAYS | {
        "bycloud_scrape_deferred",
        "bycloud_scrape_walk_interval_seconds",
    }
    assert value(NO_DATA_YET, "bycloud_up") == 0
    assert value(NO_DATA_YET, "bycloud_scrape_failure", reason="timeout") == 1


def test_after_a_failure_without_a_snapshot() -> None:
    """The cost of the failed walk, the time of the last complete one and the configuration are served."""
    assert set(by_name(FAILED)) == {
        *ALWAYS,
        "bycloud_last_success_timestamp_seconds",
        "bycloud_scrape_duration_seconds",
        "bycloud_scrape_pages",
        "bycloud_scrape_requests",
        "bycloud_scrape_deferred",
        "bycloud_scrape_walk_interval_seconds",
        "bycloud_scrape_objective_backups",
    }


@pytest.mark.parametrize("failure", [None, *Reason])
def test_every_reason_has_a_sample(failure: Reason | None) -> None:
    """At most one is 1."""
    result = replace(OK, up=failure is None, failure=failure)
    samples = by_name(result)["bycloud_scrape_failure"].samples

    assert [sample.labels["reason"] for sample in samples] == REASONS.split()
    assert {sample.labels["reason"] for sample in samples if sample.value == 1} == (
        {failure} if failure else set()
    )
    assert {sample.value for sample in samples} <= {0, 1}
    assert (
        value(result, "bycloud_up")
        == value(result, "bycloud_scrape_collector_success", collector="backups")
        == (failure is None)
    )


def test_values() -> None:
    """Each gauge has its own part of the result; the counts of unknown statuses are added."""
    result = replace(OK, deferred=True, snapshot=replace(SNAPSHOT, excluded=5))

    assert value(result, "bycloud_scrape_backups") == 13
    assert value(result, "bycloud_scrape_deferred") == 1
    assert value(result, "bycloud_scrape_unknown_status_backups") == 3
    assert value(result, "bycloud_scrape_future_backups") == 4
    assert value(result, "bycloud_scrape_reported_backups") == 10
    assert value(result, "bycloud_scrape_stored_backups") == 13 + SNAPSHOT.malformed
    assert value(result, "bycloud_database_backups", status="COMPLETED") == 7
    assert value(result, "bycloud_last_success_timestamp_seconds") == NOW - 30
    assert value(result, "bycloud_scrape_walk_interval_seconds") == 72
    assert value(result, "bycloud_scrape_objective_backups") == 50
    assert value(result, "bycloud_scrape_excluded_backups") == 5
    assert value(result, "bycloud_scrape_size_unit_bytes") == 2**30


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("restorable_newest_timestamp_seconds", NOW - 3600),
        ("restorable_newest_age_seconds", 3600),
        ("restorable_oldest_timestamp_seconds", NOW - 86_400),
        ("restorable_largest_gap_seconds", 7200),
        ("usable_newest_timestamp_seconds", NOW - 1800),
        ("backup_objective_age_seconds", 108_000),
        ("backup_objective_duration_seconds", 21_600),
        ("backup_objective_retention_seconds", 43_200),
        ("backup_objective_gap_seconds", 10_800),
        ("backup_objective_full_age_seconds", 691_200),
        ("backup_objective_chain_length", 14),
    ],
)
def test_values_of_a_database(part: str, expected: float) -> None:
    """Of the gaps, the larger one ended before the retention."""
    assert value(OK, f"bycloud_database_{part}", instance_id=ASSESSMENT.instance_id) == expected


def test_the_largest_gap_is_computed_when_it_is_served() -> None:
    """The time since the newest restorable backup is a gap; without such a backup there is none."""
    name = "bycloud_database_restorable_largest_gap_seconds"

    assert value(OK, name, now=NOW + 7200) == 10_800
    assert [sample.labels["instance_id"] for sample in by_name(OK)[name].samples] == [ASSESSMENT.instance_id]


@given(st.floats(0, 4e9))
def test_ages_are_computed_when_they_are_served(now: float) -> None:
    """The ages of a snapshot grow; its timestamps stay."""
    age = value(OK, "bycloud_database_backup_newest_age_seconds", now=now, status="COMPLETED")

    assert age == max(0, now - GROUP.newest_timestamp)
    assert (
        value(OK, "bycloud_database_backup_newest_timestamp_seconds", now=now, status="COMPLETED")
        == NOW - 3600
    )


def test_live_values_can_be_omitted() -> None:
    """Ages and gaps would freeze in a file."""
    assert set(CONTRACT) - set(by_name(OK, live=False)) == {
        "bycloud_database_backup_newest_age_seconds",
        "bycloud_database_restorable_newest_age_seconds",
        "bycloud_database_restorable_largest_gap_seconds",
    }


def test_an_unknown_value_has_no_sample() -> None:
    """A family without samples is omitted."""
    group = replace(GROUP, newest_size_bytes=None, newest_duration_seconds=None)
    result = replace(
        OK,
        snapshot=replace(
            SNAPSHOT,
            summary=replace(SNAPSHOT.summary, groups=(group,)),
            reported=None,
            bytes_per_unit=None,
        ),
    )

    assert set(CONTRACT) - set(by_name(result)) == {
        "bycloud_database_backup_newest_size_bytes",
        "bycloud_database_backup_newest_duration_seconds",
        "bycloud_scrape_reported_backups",
        "bycloud_scrape_size_unit_bytes",
    }


OWNERS = st.lists(st.dictionaries(LABEL_NAMES, LABEL_VALUES, max_size=3), max_size=4)


@given(OWNERS)
def test_labels_of_objectives_are_one_series_per_database_that_has_any(
    owners: list[dict[str, str]],
) -> None:
    """Each series has all names of the snapshot; a label that its database lacks is empty."""
    databases = tuple(
        replace(ASSESSMENT, instance_id=str(number), labels=tuple(sorted(labels.items())))
        for number, labels in enumerate(owners)
    )
    family = by_name(replace(OK, snapshot=replace(SNAPSHOT, assessments=databases))).get(LABELS)
    names = set().union(*owners)
    expected = [
        {"datastore_type": "postgresql", "instance_id": str(number)}
        | {f"label_{name}": labels.get(name, "") for name in names}
        for number, labels in enumerate(owners)
        if labels
    ]

    assert [sample.labels for sample in family.samples] == expected if family else not expected
    assert {sample.value for sample in family.samples} == {1} if family else True


@given(st.builds(GroupKey, status=LABEL_VALUES, datastore_type=LABEL_VALUES, instance_id=LABEL_VALUES))
def test_odd_label_values_survive(key: GroupKey) -> None:
    """Parsers of both text formats return quotes, backslashes and newlines unchanged."""
    summary = replace(SNAPSHOT.summary, groups=(replace(GROUP, key=key),))
    result = replace(OK, snapshot=replace(SNAPSHOT, summary=summary))
    registry = CollectorRegistry()
    registry.register(TargetCollector(result))
    openmetrics = generate_openmetrics(registry).decode()  # type: ignore[no-untyped-call] # prometheus_client has no annotations here
    read = [
        *parse_text(generate_latest(registry).decode()),
        *parse_openmetrics(openmetrics),  # type: ignore[no-untyped-call] # the same
    ]
    parsed = [family.samples for family in read if family.name == "bycloud_database_backups"]

    assert [[sample.labels for sample in samples] for samples in parsed] == [[key._asdict()]] * 2


def test_promtool_accepts_the_golden_exposition(promtool: Promtool) -> None:
    """Names, units and help texts follow Prometheus's conventions."""
    assert promtool(GOLDEN.read_text(encoding="utf-8")) == ""


def test_the_golden_exposition_has_every_family() -> None:
    """So promtool checks all of them."""
    assert [family.name for family in parse_text(GOLDEN.read_text(encoding="utf-8"))] == list(CONTRACT)


def test_metrics_of_a_section_share_their_labels() -> None:
    """So the encoder renders each set of labels once."""
    by_family = {family.name: family for family in families(OK, NOW)}
    number, size = (by_family[f"bycloud_database_backups{end}"] for end in ("", "_size_bytes"))

    assert number.samples
    assert all(one.labels is other.labels for one, other in zip(number.samples, size.samples, strict=True))


@settings(deadline=None)
@given(st.floats(-1e11, 1e12), st.floats(0, 4e9))
def test_no_age_is_ever_negative(created: float, now: float) -> None:
    """A backup created in the future has the age 0 and its own timestamp."""
    group = replace(GROUP, newest_timestamp=created)
    assessment = replace(ASSESSMENT, restorable_newest_timestamp=created)
    summary = replace(SNAPSHOT.summary, groups=(group,))
    result = replace(OK, snapshot=replace(SNAPSHOT, summary=summary, assessments=(assessment,)))
    by_family = by_name(result, now=now)
    samples = [sample for family in by_family.values() for sample in family.samples if "_age_" in sample.name]
    ages = {sample.value for sample in samples if "objective" not in sample.name}

    assert ages == {max(0.0, now - created)}
    for name in ("backup_newest", "restorable_newest"):
        assert by_family[f"bycloud_database_{name}_timestamp_seconds"].samples[0].value == created
