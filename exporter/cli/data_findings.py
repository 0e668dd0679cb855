"""What `check` finds out about a target's data and account: sizes, exclusions, the quota, the credential."""

from collections.abc import Iterator
from typing import Final

from exporter.cli.finding import Finding, Severity
from exporter.cli.moments import rfc3339
from exporter.config import Target
from exporter.config.target import SIZE_UNITS
from exporter.durations import UNITS, format_duration
from exporter.results import Snapshot
from exporter.wording import count

QUOTA_WARNING: Final = 0.9
"""From this part of its quota of backups on, an account needs attention."""
EXPIRY_WARNING: Final = 14 * UNITS["d"]
"""Seconds before the expiry of a credential from which on it needs attention."""


def find_in_data(target: Target, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what a snapshot shows in view of the target's settings."""
    if target.size_unit == "auto" and snapshot.bytes_per_unit is not None:
        yield Finding(
            Severity.OK, f"sizes are in {_unit(snapshot.bytes_per_unit)}, as `size_unit: auto` decided"
        )
    if target.exclude:
        yield Finding(Severity.OK, f"{count(snapshot.excluded, 'backup')} left out by `exclude`")
    if target.max_backups is not None:
        yield _quota(snapshot.stored, target.max_backups)


def find_expiry(expiry: float | None, now: float) -> Iterator[Finding]:
    """Yield when the credential expires, if it says so.

    :param expiry: Unix seconds, as `now`; `None`: unknown.
    """
    if expiry is None:
        return
    left = expiry - now
    day = rfc3339(expiry)
    if left <= 0:
        yield Finding(
            Severity.WARN, f"the credential expired {format_duration(-left)} ago ({day}): replace it"
        )
    elif left < EXPIRY_WARNING:
        yield Finding(
            Severity.WARN, f"the credential expires in {format_duration(left)} ({day}): replace it before"
        )
    else:
        yield Finding(Severity.OK, f"the credential expires in {format_duration(left)} ({day})")


def _unit(bytes_per_unit: float) -> str:
    return next(name for name, size in SIZE_UNITS.items() if size == bytes_per_unit)


def _quota(backups: int, quota: int) -> Finding:
    text = f"{backups:,} of {count(quota, 'backup')}: {backups / quota:.0%} of `max_backups`"
    if backups < QUOTA_WARNING * quota:
        return Finding(Severity.OK, text)
    meaning = "at the quota, the API refuses every new backup"
    return Finding(Severity.WARN, f"{text}; {meaning}: delete old ones or raise it")
