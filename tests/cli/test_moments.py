"""Moments for people."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.moments import moment, rfc3339

NOW = 1_767_225_600.0


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (NOW - 273_600, "2025-12-28T20:00:00Z (3d 4h ago)"),
        (NOW, "2026-01-01T00:00:00Z (0s ago)"),
        (NOW + 90, "2026-01-01T00:01:30Z (in 1m 30s)"),
        (-62_135_614_800.0, "out of range (739616d 5h ago)"),
    ],
)
def test_a_moment_has_its_age(timestamp: float, text: str) -> None:
    """The moment is in UTC; the year 1 east of Greenwich has no UTC form."""
    assert moment(timestamp, NOW) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_always_readable_again(when: datetime) -> None:
    """RFC 3339 has it without the fraction of a second."""
    written = rfc3339(when.replace(microsecond=0).timestamp())

    assert written is not None
    assert datetime.fromisoformat(written) == when.replace(microsecond=0)
    assert written.endswith("Z")
