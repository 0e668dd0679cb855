"""Tests of `exporter.metrics.section`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.section import SNAPSHOT_NOTE, Gauge, LiveGauge, Section, UserLabels
from exporter.moments import seconds_since
from exporter.results import ScrapeResult
from tests.support.scrape_results import FAILED, OK

AGE: LiveGauge[float | None] = LiveGauge("age_seconds", "Age.", seconds_since)
TIME: Gauge[float | None] = Gauge("time_seconds", "Time.", lambda timestamp: timestamp)


def no_rows(_: ScrapeResult) -> list[tuple[tuple[str, ...], float | None]]:
    """Return no samples."""
    return []


@pytest.mark.parametrize(("timestamp", "seconds"), [(90.0, 10.0), (110.0, 0.0), (None, None)])
def test_an_age_is_the_time_since_a_timestamp(timestamp: float | None, seconds: float | None) -> None:
    """It is 0 for a moment in the future, and unknown for an unknown one."""
    assert AGE.value_at(100.0)(timestamp) == seconds
    assert AGE.is_live


@given(st.floats(0, 4e9))
def test_the_value_of_another_gauge_never_depends_on_the_time(now: float) -> None:
    """It is the same whenever it is served, so a file may have it."""
    assert TIME.value_at(now)(90.0) == 90
    assert not TIME.is_live


def test_the_help_text_mentions_a_snapshot() -> None:
    """Other help texts have no note."""
    snapshot = Section("A", (), no_rows, (TIME,), from_snapshot=True)
    current = Section("B", (), no_rows, (AGE,))

    assert snapshot.documentation(TIME) == f"Time. {SNAPSHOT_NOTE}"
    assert current.documentation(AGE) == "Age."


def test_the_users_labels_follow_the_others() -> None:
    """The documentation has a placeholder for their names, which depend on the result."""
    users = UserLabels("label_<name>", lambda result: ("label_team",) if result.up else ())
    section = Section("A", ("target",), no_rows, (TIME,), user_labels=users)
    plain = Section("B", ("target",), no_rows, (TIME,))

    assert section.label_names(OK) == ("target", "label_team")
    assert section.label_names(FAILED) == plain.label_names(OK) == plain.documented_labels == ("target",)
    assert section.documented_labels == ("target", "label_<name>")
