"""PromQL about the stored size of backups and its growth."""

from typing import Final

from dashboards.source.fleet import KNOWN, NOW, Fleet
from dashboards.source.queries import BY_DATABASE

TREND: Final = "[30d:6h]"
"""The days from which forecasts are made."""
LEAST: Final = 28
"""Samples that a trend needs: those of seven days."""
GIGABYTE: Final = "1e9"
DAY: Final = 86_400


def stored(fleet: Fleet, *by: str) -> str:
    """Return the stored size of the selected teams' backups.

    :param by: `datastore_type`, or nothing for the sum.
    """
    grouping = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouping} ({fleet.backups('backups_size_bytes')})"


def stored_by_database(fleet: Fleet) -> str:
    """Return the stored size of each database's backups."""
    return f"sum by ({BY_DATABASE}) ({fleet.fact('backups_size_bytes', 'status', 'datastore_type')})"


def stored_by_team(fleet: Fleet) -> str:
    """Return the stored size of each team's backups; those of no database have no team."""
    return (
        f"sum by (team) ({stored_by_database(fleet)}"
        f" * on ({BY_DATABASE}) group_left (team) ({fleet.teams} ^ 0))"
    )


def growth(expression: str) -> str:
    """Return bytes per second, by the trend of 30 days; nothing before there are seven."""
    return f"(deriv(({expression}){TREND}) and {_enough(expression)})"


def forecast(expression: str, days: int, offset: str = "") -> str:
    """Return the expected value in some days, or zero; nothing before there are seven days to go by."""
    predicted = f"predict_linear(({expression}){TREND}{offset}, {days * DAY})"
    return f"(clamp_min({predicted}, 0) and {_enough(expression, offset)})"


def _enough(expression: str, offset: str = "") -> str:
    return f"count_over_time(({expression}){TREND}{offset}) >= {LEAST}"


STORED: Final = stored(KNOWN)
GROWTH: Final = growth(stored(NOW))
DOUBLING: Final = f"1000 * (time() + {STORED} / ({GROWTH} > 0))"
"""When the stored size will be twice today's, in milliseconds; nothing while it does not grow."""
