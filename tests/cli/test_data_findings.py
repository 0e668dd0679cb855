"""What `check` finds out about a target's data and account."""

from typing import Unpack

import pytest
from msgspec.structs import replace

from exporter.cli.data_findings import find_expiry, find_in_data
from exporter.cli.finding import Finding, Severity
from exporter.config import Count, Exclusion
from exporter.results import Snapshot, Summary
from tests.support.targets import TargetSettings, target

NOW = 1_767_225_600.0
DAY = 86_400.0
SNAPSHOT = Snapshot(
    summary=Summary(groups=(), backups=43, unknown_statuses=(), largest_size=5e9),
    duplicates=0,
    malformed=0,
    reported=43,
    completed_at=NOW,
)


def findings(snapshot: Snapshot, **settings: Unpack[TargetSettings]) -> list[Finding]:
    """Return the findings for a target of these settings."""
    return list(find_in_data(target("prod", **settings), snapshot))


def test_the_defaults_have_no_findings() -> None:
    """What is not configured is not mentioned."""
    assert findings(SNAPSHOT) == []


@pytest.mark.parametrize(("bytes_per_unit", "unit"), [(1, "bytes"), (2.0**30, "GiB")])
def test_the_size_unit_that_was_decided(bytes_per_unit: float, unit: str) -> None:
    """With `auto`, it says which unit; a data warning says that the sizes decide none."""
    decided = findings(replace(SNAPSHOT, bytes_per_unit=bytes_per_unit), size_unit="auto")

    assert decided == [Finding(Severity.OK, f"sizes are in {unit}, as `size_unit: auto` decided")]
    assert findings(replace(SNAPSHOT, bytes_per_unit=None), size_unit="auto") == []


@pytest.mark.parametrize(("excluded", "text"), [(0, "0 backups"), (1, "1 backup"), (1_234, "1,234 backups")])
def test_excluded_backups_are_counted(excluded: int, text: str) -> None:
    """Their number is shown even if it is 0: the patterns may match nothing."""
    patterns = (Exclusion(backup_name="Replication *"),)

    assert findings(replace(SNAPSHOT, excluded=excluded), exclude=patterns) == [
        Finding(Severity.OK, f"{text} left out by `exclude`")
    ]


@pytest.mark.parametrize(
    ("backups", "severity", "begin"),
    [
        (43, Severity.OK, "43 of 50 backups: 86% of `max_backups`"),
        (44, Severity.OK, "44 of 50 backups: 88% of `max_backups`"),
        (45, Severity.WARN, "45 of 50 backups: 90% of `max_backups`; at the quota, the API refuses"),
        (50, Severity.WARN, "50 of 50 backups: 100% of `max_backups`; at the quota, the API refuses"),
    ],
)
def test_the_quota(backups: int, severity: Severity, begin: str) -> None:
    """From nine tenths on, it is a warning."""
    (found,) = findings(replace(SNAPSHOT, reported=backups), max_backups=Count(50))

    assert found.severity is severity
    assert found.text.startswith(begin)


def test_hidden_backups_count_for_the_quota() -> None:
    """Excluded and malformed ones take a place too, as do those that the API reports without listing them."""
    hidden = replace(SNAPSHOT, reported=None, excluded=4, malformed=2)
    unlisted = replace(SNAPSHOT, reported=46)

    assert findings(hidden, max_backups=Count(50))[0].text.startswith("49 of 50 backups: 98%")
    assert findings(unlisted, max_backups=Count(50))[0].text.startswith("46 of 50 backups")


@pytest.mark.parametrize(
    ("expiry", "finding"),
    [
        (
            NOW + 14 * DAY,
            Finding(Severity.OK, "the credential expires in 14d (2026-01-15T00:00:00Z)"),
        ),
        (
            NOW + 13 * DAY,
            Finding(
                Severity.WARN,
                "the credential expires in 13d (2026-01-14T00:00:00Z): replace it before",
            ),
        ),
        (
            NOW - 3600,
            Finding(Severity.WARN, "the credential expired 1h ago (2025-12-31T23:00:00Z): replace it"),
        ),
    ],
)
def test_the_expiry_of_the_credential(expiry: float, finding: Finding) -> None:
    """In the last fourteen days, it is a warning."""
    assert list(find_expiry(expiry, NOW)) == [finding]


def test_a_credential_without_an_expiry_has_no_finding() -> None:
    """An API key does not say when it expires."""
    assert list(find_expiry(None, NOW)) == []
