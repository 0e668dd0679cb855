"""PromQL about the stored size of backups and its growth."""

from typing import Final

from dashboards.source.fleet import NOW, TEAM, Fleet
from dashboards.source.known import known
from dashboards.source.queries import (
    BRIDGE,
    BY_TARGET,
    SERVED,
    TARGET,
    TARGETS,
    last,
    linked,
    placed,
)

TREND: Final = "[30d:6h]"
"""The days from which forecasts are made."""
LEAST: Final = 28
"""Samples that a trend needs: those of seven days."""
GIGABYTE: Final = "1e9"
DAY: Final = 86_400
NO_TEAM: Final = "no team"
LOST: Final = (
    f"({last('bycloud_last_success_timestamp_seconds')} and on ({BY_TARGET}) {TARGETS}"
    f" unless on ({BY_TARGET}) last_over_time({SERVED}[{BRIDGE}]))"
)
"""The targets that were read within a day and serve no facts now."""


def gapped(expression: str) -> str:
    """Return an expression for a chart: a gap, not a drop, while a target's facts are lost."""
    return f"{expression} unless on () {LOST}"


SIZES: Final = "backups_size_bytes"


def stored(*by: str) -> str:
    """Return the stored size of the selected teams' backups that are served now.

    :param by: labels such as `datastore_type`, or nothing for the sum.
    """
    grouping = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouping} ({NOW.backups(SIZES)})"


def stored_by_database(fleet: Fleet) -> str:
    """Return the stored size of each database's backups."""
    return f"sum by ({fleet.by}) ({fleet.fact(SIZES, 'status', 'datastore_type')})"


def owned(fleet: Fleet) -> str:
    """Return the stored size of each database's backups with its team; those of no database have no team."""
    every = f',label_{TEAM}=~"$team"'
    of_team = f"{stored_by_database(fleet)} * on ({fleet.by}) group_left (team) {fleet.teams}"
    unowned = fleet.fact(SIZES, "status", "datastore_type", where=every)
    return f"({of_team} or on ({fleet.by}) sum by ({fleet.by}) ({unowned}))"


def by_team(sizes: str, by: str = "team") -> str:
    """Return the sum of each team's sizes.

    :param by: the labels of the sums.
    """
    return f'sum by ({by}) (label_replace({sizes}, "team", "{NO_TEAM}", "team", ""))'


def unowned() -> str:
    """Return 1 for each target's backups of no database, with what a table of databases shows of one."""
    every = f',instance_id="unknown",label_{TEAM}=~"$team"'
    found = known(lambda fleet: f"{fleet.fact(SIZES, where=every)} ^ 0")
    return linked(placed(f'label_replace({found}, "instance_name", "no database", "", "")'))


def growth(expression: str, by: str = "") -> str:
    """Return bytes per second, by the trend of 30 days; nothing before there are seven.

    Each series has a trend of its own: one that is not known for some hours does not shrink.

    :param expression: sizes by target or by database.
    :param by: the labels of the sums.
    """
    grouping = f" by ({by})" if by else ""
    return (
        f"sum{grouping} (deriv(({expression}){TREND}) and {_enough(expression)} and {_current(expression)})"
    )


def forecast(expression: str, days: int, offset: str = "") -> str:
    """Return the expected sum of sizes in some days; nothing before one has seven days to go by.

    One that is younger counts as it is. None goes below zero.
    """
    predicted = f"clamp_min(predict_linear(({expression}){TREND}{offset}, {days * DAY}), 0)"
    current = _current(expression, offset)
    enough = _enough(expression, offset)
    return f"(sum({predicted} and {enough} and {current} or {current}) and on () ({enough}))"


def _enough(expression: str, offset: str = "") -> str:
    return f"count_over_time(({expression}){TREND}{offset}) >= {LEAST}"


def _current(expression: str, offset: str = "") -> str:
    """Return the last sizes of a day: what was removed before has no future."""
    return f"last_over_time(({expression})[1d:1h]{offset})"


BY_TARGETS: Final = stored(*TARGET)
STORED: Final = f"sum({known(lambda fleet: fleet.backups(SIZES))})"
GROWTH: Final = growth(BY_TARGETS)
DOUBLING: Final = f"1000 * (time() + {STORED} / ({GROWTH} > 0))"
"""When the stored size will be twice today's, in milliseconds; nothing while it does not grow."""
