"""Tests of `exporter.moments`."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.moments import OUT_OF_RANGE, format_moment

YEAR_1 = -62_135_596_800.0
YEAR_10000 = 253_402_300_800.0


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0.0, "1970-01-01 00:00 UTC"),
        (-86_400.0, "1969-12-31 00:00 UTC"),
        (YEAR_10000 - 1, "9999-12-31 23:59 UTC"),
        (YEAR_10000, OUT_OF_RANGE),
        (YEAR_1 - 1, OUT_OF_RANGE),
        (math.inf, OUT_OF_RANGE),
        (math.nan, OUT_OF_RANGE),
    ],
)
def test_times_are_in_utc(time: float, text: str) -> None:
    """Wherever the exporter runs; a time that UTC does not have is no error."""
    assert format_moment(time) == text


@given(st.floats(YEAR_1 - 1e6, YEAR_10000 + 1e6))
def test_every_time_of_the_api_can_be_shown(time: float) -> None:
    """The calendar of another zone ends up to a day before or after UTC's."""
    assert format_moment(time)
