"""The compliance of teams and databases over 30 days: for a team's lead and for an auditor."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, statetimeline, timeseries

from alerts.source.compliance import DAYS, PERIOD_DAYS, RATIO, TEAM
from alerts.source.database_records import MET
from alerts.source.settings import Settings
from dashboards.source.compliance_table import RETENTION, compliance_table, short_retention, teams_table
from dashboards.source.fleet import NOW
from dashboards.source.frame import (
    COMPLETED,
    COMPLIANCE,
    FAILED,
    About,
    alerts,
    frame,
    with_database_variables,
)
from dashboards.source.grid import Grid
from dashboards.source.panels import (
    GREEN,
    GREY,
    NONE_IS_GOOD,
    ORANGE,
    RED,
    Query,
    Tile,
    Words,
    daily,
    tile,
    timeline,
)
from dashboards.source.queries import BY_DATABASE, UNSEEN
from dashboards.source.records import NEEDED, record, samples

OBJECTIVE: Final = Settings().compliance
PERIOD: Final = f"{PERIOD_DAYS} days"
ABOUT: Final = About(
    COMPLIANCE,
    "Did my databases meet their objectives?",
    f"RPO compliance of the last {PERIOD} by team and database, with the days that each figure covers."
    " It needs the project's recording rules; unknown time, such as an outage, counts as neither met nor"
    " missed.",
)
MOST_DAYS: Final = 28
"""Fewer covered days are worth a look."""
MOST_ROWS: Final = 25
"""Databases in the calendar."""
DAY: Final = "[1d] offset -1d"
"""The day that begins at a point of a daily panel."""
MET_BY_DAY: Final = f"avg by ({BY_DATABASE}) (avg_over_time({samples(MET)}{DAY}))"
"""Which part of a day's known time each database met its objective."""


def compliance() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).time(f"now-{PERIOD_DAYS}d", "now").refresh("")
    made = made.with_variable(FAILED).with_variable(COMPLETED)
    grid = Grid(made.annotation(alerts()))
    grid.place(4, *_tiles())
    grid.place(8, teams_table(), _missed_by_day(), widths=(14, 10))
    grid.place(10, _calendar())
    grid.place(14, compliance_table())
    grid.row("Failures")
    grid.place(8, _failure_rate())
    return made


def _tiles() -> Iterator[stat.Panel]:
    databases = record(RATIO, BY_DATABASE)
    days = record(DAYS, BY_DATABASE)
    ratio = f"sum({databases} * {days}) / sum({days})"
    yield tile(
        Words(
            "Within objective",
            f"The part of the known time of the last {PERIOD} in which restore points were younger than"
            f" `max_age`, never rounded up. The target is {OBJECTIVE:.0%}.",
            "percentunit",
            NEEDED,
        ),
        Tile(steps=((None, RED), (OBJECTIVE, GREEN)), decimals=2),
        f"floor(10000 * {ratio}) / 10000",
    )
    yield tile(
        Words(
            "Days covered",
            f"Days of the last {PERIOD} in which it is known whether databases met their objective, as the"
            " mean of the databases. Prometheus keeps 15 days unless it is told otherwise.",
            f"suffix: of {PERIOD_DAYS}",
            NEEDED,
        ),
        Tile(steps=((None, ORANGE), (MOST_DAYS, GREY)), decimals=1),
        f"sum({days}) / count({days})",
    )
    yield tile(
        Words(
            "Error budget left",
            f"The unspent part of the {1 - OBJECTIVE:.0%} of the known time that may miss the objective."
            " Below 0: overspent.",
            "percentunit",
            NEEDED,
        ),
        Tile(steps=((None, RED), (0, ORANGE), (0.25, GREEN))),
        f"1 - (1 - {ratio}) / {1 - OBJECTIVE:g}",
    )
    yield tile(
        Words(
            "Databases below target",
            f"Databases that met their objective for less than {OBJECTIVE:.0%} of their known time.",
            "short",
            NEEDED,
        ),
        Tile(steps=NONE_IS_GOOD),
        f"count({databases} < {OBJECTIVE:g}) or 0 * count({databases})",
    )
    wanted = NOW.of_teams(NOW.fact(RETENTION))
    yield tile(
        Words(
            "Retention too short",
            "Databases whose oldest restore point is younger than `min_retention`. A young database counts"
            " until it is old enough. Unknown while a target is not read, unless there are some.",
            "short",
        ),
        Tile(steps=((None, GREEN), (1, ORANGE))),
        f"count({short_retention()}) or 0 * count({wanted}) unless on () {UNSEEN}",
    )
    yield tile(
        Words(
            "Databases that count",
            "Databases with a `max_age`; others have nothing to meet.",
            "short",
            NEEDED,
        ),
        Tile(),
        f"count({databases})",
    )


def _missed_by_day() -> timeseries.Panel:
    counted = record(TEAM, BY_DATABASE, "@ end()")
    return daily(
        Words(
            "Time missed by day",
            "The part of the known time of each day in UTC in which the selected databases missed their"
            " objective. A day without a bar is unknown, or nothing was missed.",
            "percent",
            NEEDED,
        ),
        Query(f"100 - 100 * avg({MET_BY_DAY} and on ({BY_DATABASE}) {counted})", "missed"),
        color=RED,
    )


def _calendar() -> statetimeline.Panel:
    ratio = record(RATIO, BY_DATABASE, "@ end()")
    worst = f"topk({MOST_ROWS}, 1 - {ratio} > 0)"
    name = f"topk by ({BY_DATABASE}) (1, last_over_time({samples('bycloud:database:name')}[65m] @ end())) ^ 0"
    return timeline(
        Words(
            "Calendar of gaps",
            f"The {MOST_ROWS} databases that missed most, day by day in UTC. A day without colour is unknown:"
            " an outage, or before the database had an objective.",
            "short",
            f"nothing missed, or: {NEEDED}",
        ),
        {2: ("met", GREEN), 1: ("partly missed", ORANGE), 0: ("missed", RED)},
        Query(
            f"((ceil({MET_BY_DAY}) + floor({MET_BY_DAY})) and on ({BY_DATABASE}) {worst})"
            f" * on ({BY_DATABASE}) group_left (instance_name) ({name})",
            "{{instance_name}}",
        ),
    ).interval("1d")


def _failure_rate() -> timeseries.Panel:
    failed, completed = (
        f"sum({NOW.failed_per_day(matcher)})" for matcher in ('status=~"$failed"', 'status=~"$completed"')
    )
    return daily(
        Words(
            "Failure rate by day",
            "Failed attempts as a part of those that ended, on the day in UTC on which the exporter found"
            " them.",
            "percent",
        ),
        Query(f"100 * {failed} / ({failed} + {completed})", "failed"),
        color=RED,
    )
