"""The dashboard of one database: whether it can be restored, its objective, its history, and its backups."""

from collections.abc import Callable, Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, statetimeline, timeseries
from grafana_foundation_sdk.models import dashboard

from dashboards.source.alerts_table import alerts_table
from dashboards.source.database_history import DASHED, attempts, restore_points
from dashboards.source.database_tables import about_table, objective_table
from dashboards.source.fleet import NOW, Fleet, known
from dashboards.source.frame import (
    INSTANCE,
    RUNBOOKS,
    About,
    alerts,
    database_variable,
    frame,
    page_link,
    with_database_variables,
)
from dashboards.source.grid import Grid
from dashboards.source.panels import SOURCE, Query, Words, curves, fixed, timeline
from dashboards.source.queries import (
    BY_TARGET,
    CHOSEN,
    MEMORY,
    NEVER_READ,
    UNSEEN,
    last,
)
from dashboards.source.tiles import Tile, data_age_queries, data_age_tile, tile
from dashboards.source.values import BLUE, GREEN, GREY, HOURS, ORANGE, RED

ONE: Final = 'instance_id="$database"'
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
LONG: Final = "dtdurations"
HOUR: Final = 3600


def instance() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).with_variable(database_variable())
    made = made.with_variable(_page_target()).with_variable(_page_url()).annotation(alerts(DATABASE))
    made = made.link(page_link(PAGE, "Exporter's page")).link(page_link(RUNBOOKS, "Runbooks"))
    grid = Grid(made)
    grid.row("${database:text}")
    grid.place(4, about_table(ONE))
    grid.place(4, *_tiles())
    grid.place(8, objective_table(ONE), alerts_table(DATABASE), widths=(14, 10))
    grid.place(8, _age(), _states(), widths=(14, 10))
    grid.place(8, *restore_points(THEN))
    grid.place(8, *attempts(THEN))
    return made


def _page_url() -> builders.TextBoxVariable:
    return builders.TextBoxVariable("page").label("Exporter's URL").default_value("http://localhost:10140")


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


def _one(expression: Callable[[Fleet], str]) -> str:
    """Return an expression of what is known of the database."""
    return known(expression, ONE)


def _tiles() -> Iterator[stat.Panel]:
    enough = _one(lambda one: f"{one.restorable} unless {one.no_backup}")
    target = f"and on ({BY_TARGET}) {_one(lambda one: one.restorable)}"
    success = f"{last('bycloud_last_success_timestamp_seconds')} {target}"
    yield _newest()
    yield _of_objective()
    yield _running()
    yield _last_attempt()
    yield tile(
        Words(
            "Restorable",
            "Number of backups that can be restored: red if the objective requires one and there is none.",
            "short",
        ),
        Tile(second=(RED, {})),
        f"max({enough})",
        f"max({_one(lambda one: one.no_backup)}) unless on () {enough}",
    )
    yield tile(
        Words("Unrestorable", "Completed backups that cannot be restored.", "short"),
        Tile(steps=((None, GREY), (1, ORANGE))),
        f"max({_one(lambda one: f'{one.broken} or 0 * {one.restorable}')})",
    )
    yield _chain()
    yield tile(
        Words(
            "Age of this data",
            "Time since the last complete walk of the API for this database's target.",
            LONG,
        ),
        data_age_tile(""),
        *data_age_queries(f"clamp_min(time() - ({success}), 0)"),
    )


def _newest() -> stat.Panel:
    return tile(
        Words("Newest restorable", "Age of the newest backup that can be restored.", HOURS),
        Tile(
            named={-1: ("no backup", GREY)},
            ranges={(NEVER_READ / HOUR, None): ("no backup", RED)},
            decimals=1,
        ),
        f"max({_one(lambda one: f'{one.age_or_never} / {HOUR} or 0 * {one.restorable} - 1')})",
    )


def _of_objective() -> stat.Panel:
    """Show the share; without a backup `NEVER_READ`, without an objective -1."""
    share = _one(lambda one: f"{one.share} or 0 * {one.no_backup} + {NEVER_READ:g}")
    none = _one(lambda one: f"0 * {one.restorable} - 1 unless {one.objective}")
    shown = f"on ({BY_TARGET}) group_left () (2 * {UNSEEN} - 1)"
    return tile(
        Words(
            "Of its objective",
            "That age as a share of the objective: red above 100 %, grey if it was good when the API was"
            " last read.",
            "percentunit",
        ),
        Tile(
            steps=((None, GREEN), (1, RED)),
            named={-1: ("no objective", GREY)},
            ranges={(NEVER_READ, None): ("no backup", RED)},
        ),
        f"max({share} > {shown} or {none})",
        f"max({share} <= {shown})",
    )


def _running() -> stat.Panel:
    within = _one(
        lambda one: (
            f"({one.running} unless {one.running_too_long}) / {HOUR}"
            f" or (0 * {one.restorable} - 1 unless {one.running})"
        )
    )
    return tile(
        Words(
            "Running for",
            "Time since the oldest running backup began: red if that is longer than the objective allows.",
            HOURS,
        ),
        Tile(steps=((None, BLUE),), named={-1: ("nothing runs", GREY)}, second=(RED, {}), decimals=1),
        f"max({within})",
        f"max({_one(lambda one: one.running_too_long)}) / {HOUR}",
    )


def _last_attempt() -> stat.Panel:
    failed, none = (
        _one(expression)
        for expression in (
            lambda one: one.attempt,
            lambda one: f"0 * {one.restorable} - 1 unless {one.attempt}",
        )
    )
    unread = f"on ({BY_TARGET}) group_left () {UNSEEN}"
    return tile(
        Words("Last attempt", "Result of the newest finished backup.", "short"),
        Tile(
            named={0: ("OK", GREEN), 1: ("failed", RED), -1: ("none yet", GREY)},
            second=(GREY, {0: "was OK"}),
        ),
        f"max({failed} >= {unread} or {none})",
        f"max({failed} < {unread})",
    )


def _chain() -> stat.Panel:
    excess = _one(lambda one: f"{one.chain_length} > {one.chain_limit}")
    within = _one(lambda one: f"{one.chain_length} unless {one.chain_length} > {one.chain_limit}")
    return tile(
        Words(
            "Chain to restore",
            "Number of backups that restoring the newest one reads; 1 means a full backup. Red if the"
            " objective allows fewer.",
            "short",
            "none",
        ),
        Tile(second=(RED, {})),
        f"max({within})",
        f"max({excess})",
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
