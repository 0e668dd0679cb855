"""Tests of `exporter.metrics.section`."""

import pytest

from exporter.metrics.section import SNAPSHOT_NOTE, Gauge, Section
from exporter.results import ScrapeResult

AGE: Gauge[float | None] = Gauge("age_seconds", "Age.", lambda timestamp: timestamp, is_age=True)
TIME: Gauge[float | None] = Gauge("time_seconds", "Time.", lambda timestamp: timestamp)


@pytest.mark.parametrize(("timestamp", "age"), [(90.0, 10.0), (110.0, 0.0), (None, None)])
def test_an_age_is_the_time_since_a_timestamp(timestamp: float | None, age: float | None) -> None:
    """It is 0 for a moment in the future, and unknown for an unknown one."""
    assert AGE.value_at(100.0)(timestamp) == age
    assert TIME.value_at(100.0)(timestamp) == timestamp


def test_the_help_text_mentions_a_snapshot() -> None:
    """Other help texts have no note."""

    def no_rows(_: ScrapeResult) -> list[tuple[tuple[str, ...], float | None]]:
        return []

    snapshot = Section("A", (), no_rows, (TIME,), from_snapshot=True)
    current = Section("B", (), no_rows, (TIME,))

    assert snapshot.documentation(TIME) == f"Time. {SNAPSHOT_NOTE}"
    assert current.documentation(TIME) == "Time."
