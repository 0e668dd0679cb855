"""The compliance of teams and databases over 30 days: for a team's lead and for an auditor."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import statetimeline, timeseries

from alerts.source.compliance import MET, PERIOD_DAYS, RATIO, TEAM
from alerts.source.settings import Settings
from dashboards.source.compliance_table import compliance_table, teams_table
from dashboards.source.compliance_tiles import tiles
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
from dashboards.source.panels import Query, Words, daily, timeline
from dashboards.source.queries import BY_DATABASE, placed
from dashboards.source.records import NEEDED, record, samples
from dashboards.source.values import GREEN, ORANGE, RED

PERIOD: Final = f"{PERIOD_DAYS} days"
ABOUT: Final = About(
    COMPLIANCE,
    "Did my databases meet their objectives?",
    f"RPO compliance of the last {PERIOD} by team and database, with the days that each figure covers."
    " It needs the project's recording rules; unknown time, such as an outage, counts as neither met nor"
    " missed.",
)
MOST_ROWS: Final = 15
"""Databases in the calendar: more would be on a second page, in no order."""
DAY: Final = "[1d] offset -1d"
"""The day that begins at a point of a daily panel."""
MET_BY_DAY: Final = f"avg by ({BY_DATABASE}) (avg_over_time({samples(MET)}{DAY}))"
"""Which part of a day's known time each database met its objective."""


def compliance(settings: Settings) -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).time(f"now-{PERIOD_DAYS}d", "now").refresh("")
    made = made.with_variable(FAILED).with_variable(COMPLETED)
    grid = Grid(made.annotation(alerts()))
    grid.place(4, *tiles(settings.compliance), widths=(4, 3, 4, 3, 4, 3, 3))
    grid.place(8, teams_table(settings.compliance), _missed_by_day(), widths=(14, 10))
    grid.place(10, _calendar())
    grid.place(14, compliance_table(settings.compliance))
    grid.row("Failures")
    grid.place(8, _failure_rate())
    return made


def _missed_by_day() -> timeseries.Panel:
    selected = f"{MET_BY_DAY} and on ({BY_DATABASE}) {record(TEAM, BY_DATABASE, '@ end()')}"
    return daily(
        Words(
            "Time missed by day",
            "The part of the known time of each day in UTC in which the selected databases missed their"
            " objective, rounded up. A day without a bar is unknown, or nothing was missed.",
            "percent",
            NEEDED,
        ),
        Query(f"clamp_min(ceil(1000 * (1 - avg({selected})) - 0.0001), 0) / 10", "missed"),
        color=RED,
    ).decimals(1)


def _calendar() -> statetimeline.Panel:
    ratio = record(RATIO, BY_DATABASE, "@ end()")
    worst = f"topk({MOST_ROWS}, 1 - {ratio})"
    name = f"topk by ({BY_DATABASE}) (1, last_over_time({samples('bycloud:database:name')}[65m] @ end())) ^ 0"
    name = unambiguous(f"({name} and on ({BY_DATABASE}) {worst})")
    return timeline(
        Words(
            "Calendar of gaps",
            f"The {MOST_ROWS} databases that missed most, day by day in UTC. A day without colour is unknown:"
            " an outage, or before the database had an objective. Of databases with equal names the target is"
            " added.",
            "short",
            NEEDED,
        ),
        {2: ("met", GREEN), 1: ("partly missed", ORANGE), 0: ("missed", RED)},
        Query(
            f"(ceil({MET_BY_DAY}) + floor({MET_BY_DAY}))"
            f" * on ({BY_DATABASE}) group_left (instance_name) ({name})",
            "{{instance_name}}",
        ),
    ).interval("1d")


def unambiguous(names: str) -> str:
    """Add its target to each name that several databases have."""
    several = f"count by (instance_name) ({names}) > 1"
    placed_names = placed(f"({names} and on (instance_name) ({several}))")
    told_apart = f'label_join({placed_names}, "instance_name", " ", "instance_name", "place")'
    return f"{names} unless on (instance_name) ({several}) or {told_apart}"


def _failure_rate() -> timeseries.Panel:
    failed, ended = (
        f"sum({NOW.ended_per_day(matcher)})"
        for matcher in ('status=~"$failed"', 'status=~"$failed|$completed"')
    )
    return daily(
        Words(
            "Failure rate by day",
            "Failed attempts as a part of those that ended, on the day in UTC on which the exporter found"
            " them.",
            "percent",
        ),
        Query(f"100 * ({failed} or 0 * {ended}) / {ended}", "failed"),
        color=RED,
    )
