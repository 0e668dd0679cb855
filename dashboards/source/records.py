"""PromQL about what the recording rules say of compliance: it is recorded once an hour."""

from typing import Final

from dashboards.source.queries import CHOSEN

HOUR: Final = "65m"
"""Holds the last hourly sample."""
NEEDED: Final = "no recording rules"


def record(name: str, by: str, at: str = "") -> str:
    """Return the last values of a record of the selected teams.

    :param by: its labels.
    :param at: a modifier such as `@ end()`.
    """
    modified = f" {at}" if at else ""
    return f'max by ({by}) (last_over_time({name}{{{CHOSEN},team=~"$team"}}[{HOUR}]{modified}))'


def samples(name: str) -> str:
    """Return the selector of a record of the selected targets, which has no team."""
    return f"{name}{{{CHOSEN}}}"
