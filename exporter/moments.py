"""Moments: how long ago they were, and how people read them."""

from datetime import UTC, datetime, timedelta
from typing import Final

OUT_OF_RANGE: Final = "out of range"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(timestamp: float) -> datetime | None:
    """Return Unix seconds as a moment in UTC; `None` for a time outside of the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(seconds=timestamp)
    except (OverflowError, ValueError):  # of NaN
        return None


def format_moment(timestamp: float, style: str = "%Y-%m-%d %H:%M UTC") -> str:
    """Format Unix seconds in UTC: `2026-01-02 12:00 UTC`.

    The API may send a time with an offset whose UTC form is outside of the calendar.

    :param style: a format of `strftime`.
    :returns: `out of range` for a time outside of the years 1 to 9999.
    """
    moment = moment_of(timestamp)
    return OUT_OF_RANGE if moment is None else moment.strftime(style)


def seconds_since(timestamp: float | None, now: float) -> float | None:
    """Return an age in seconds; 0 for a moment in the future, `None` for none.

    :param timestamp: Unix seconds, as `now`.
    """
    return None if timestamp is None else max(0.0, now - timestamp)
