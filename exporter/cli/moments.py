"""Moments for people: in UTC, as RFC 3339 writes them, and how long ago they were."""

from exporter.durations import format_duration
from exporter.moments import OUT_OF_RANGE, moment_of


def rfc3339(timestamp: float) -> str | None:
    """Return Unix seconds as `2026-11-28T20:00:00Z`; `None` if that year has no four digits.

    >>> rfc3339(0)
    '1970-01-01T00:00:00Z'
    """
    found = moment_of(timestamp)
    return None if found is None else found.isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(timestamp: float, now: float) -> str:
    """Return a moment with its age: `2026-11-28T20:00:00Z (3d 4h ago)`."""
    age = now - timestamp
    ago = f"{format_duration(age)} ago" if age >= 0 else f"in {format_duration(-age)}"
    return f"{rfc3339(timestamp) or OUT_OF_RANGE} ({ago})"
