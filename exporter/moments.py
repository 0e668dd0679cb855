"""Moments, formatted for people."""

from datetime import UTC, datetime, timedelta
from typing import Final

OUT_OF_RANGE: Final = "out of range"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def format_moment(timestamp: float, style: str = "%Y-%m-%d %H:%M UTC") -> str:
    """Format Unix seconds in UTC: `2026-01-02 12:00 UTC`.

    The API may send times up to the ends of the calendar, which other zones have and UTC has not.

    :param style: as of `strftime`.
    :returns: `out of range` for a time outside of the years 1 to 9999.
    """
    try:
        return (_EPOCH + timedelta(seconds=timestamp)).strftime(style)
    except (OverflowError, ValueError):
        return OUT_OF_RANGE
