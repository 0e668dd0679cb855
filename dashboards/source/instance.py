"""The dashboard of one database: whether it can be restored, its objective, its history, and its backups."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.models import dashboard

from alerts.source.settings import Settings
from dashboards.source.alerts_table import alerts_table
from dashboards.source.database_history import DASHED, attempts, restore_points
from dashboards.source.database_tables import about_table, objective_table
from dashboards.source.fleet import NOW, Fleet
from dashboards.source.frame import (
    INSTANCE,
    About,
    alerts,
    database_variable,
    frame,
    page_link,
    with_database_variables,
)
from dashboards.source.grid import Grid
from dashboards.source.instance_tiles import ONE, tiles
from dashboards.source.panels import SOURCE, Query, Words, curves, fixed, timeline
from dashboards.source.queries import (
    CHOSEN,
    MEMORY,
)
from dashboards.source.values import BLUE, GREEN, GREY, HOURS, ORANGE, RED

DATABASE: Final = f",{ONE}"
THEN: Final = Fleet(NOW.reading, f"{CHOSEN},{ONE}")
ABOUT: Final = About(
    INSTANCE,
    "One database: can it be restored?",
    "One ByCloud database: whether it can be restored, to what point in time, and its history.",
)
PAGE: Final = "${page}/databases/${page_target:percentencode}/${database:percentencode}"
STATES: Final = {
    0: ("OK", GREEN),
    1: ("broken chain", ORANGE),
    2: ("too old", RED),
    3: ("no backup", "dark-red"),
    4: ("no objective", GREY),
    10: ("OK", GREEN),
    11: ("failed", RED),
    20: ("nothing runs", GREY),
    21: ("running", BLUE),
    22: ("too long", RED),
}
"""Of the database, of its last attempt, and of the running backup."""


def instance(settings: Settings) -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).with_variable(database_variable())
    made = (
        made.with_variable(_page_target())
        .with_variable(_page_url(settings.exporter))
        .annotation(alerts(DATABASE))
    )
    made = made.link(page_link(PAGE, "Exporter's page")).link(page_link(settings.runbooks, "Runbooks"))
    grid = Grid(made)
    grid.row("${database:text}")
    grid.place(4, about_table(ONE))
    grid.place(4, *tiles(settings))
    grid.place(8, objective_table(ONE), alerts_table(settings, DATABASE), widths=(14, 10))
    grid.place(8, _age(), _states(), widths=(14, 10))
    grid.place(8, *restore_points(THEN))
    grid.place(8, *attempts(THEN))
    return made


def _page_url(exporter: str) -> builders.TextBoxVariable:
    return builders.TextBoxVariable("page").label("Exporter's URL").default_value(exporter)


def _page_target() -> builders.QueryVariable:
    """Return the target's name in the exporter's URLs: a single target has no label in its own metrics."""
    labelled = f'bycloud_database_restorable_backups{{{CHOSEN}{DATABASE},target!=""}}[{MEMORY}]'
    own = f"bycloud_api_requests_total{{{CHOSEN}}}[{MEMORY}]"
    query = f"query_result(last_over_time({labelled}) or on () last_over_time({own}))"
    return (
        builders.QueryVariable("page_target")
        .datasource(SOURCE)
        .query({"query": query, "refId": "page_target"})
        .regex('/target="([^"]+)"/')
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .hide(dashboard.VariableHide.HIDE_VARIABLE)
    )


def _age() -> timeseries.Panel:
    return curves(
        Words(
            "Age of the newest restorable backup",
            "It falls with each good backup and grows in between. The dashed line is the objective.",
            HOURS,
        ),
        Query(f"max({THEN.age}) / 3600", "age"),
        Query(f"max({THEN.objective}) / 3600", "objective"),
        scheme=fixed(BLUE),
    ).override_by_name("objective", DASHED)


def _states() -> statetimeline.Panel:
    states = {
        3: THEN.no_backup,
        2: THEN.too_old,
        1: THEN.unrestorable,
        0: THEN.objective,
        4: THEN.restorable,
    }
    recoverable = " or ".join(f"0 * {found} + {state}" for state, found in states.items())
    running = f"0 * {THEN.running_too_long} + 22 or 0 * {THEN.running} + 21 or 0 * {THEN.restorable} + 20"
    return timeline(
        Words(
            "States",
            "Whether the database meets its objective, the result of the newest finished backup, and"
            " whether one runs. Gaps: nothing was read.",
            "short",
        ),
        STATES,
        Query(f"max({recoverable})", "database"),
        Query(f"max({THEN.attempt} + 10)", "attempt"),
        Query(f"max({running})", "running"),
    )
