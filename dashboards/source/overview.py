"""The overview: which databases can be restored, which cannot, and whether the data is current."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, stat, timeseries
from grafana_foundation_sdk.models import dashboard

from alerts.source.settings import Settings
from dashboards.source.alerts_table import alerts_table, firing
from dashboards.source.databases_table import SHOW, databases_table
from dashboards.source.fleet import NOW, RUNNING_TOO_LONG, Fleet
from dashboards.source.frame import (
    CHOICES,
    EXPORTER,
    OVERVIEW,
    RANGE,
    About,
    alerts,
    frame,
    with_database_variables,
)
from dashboards.source.frame import FAILED as FAILED_VARIABLE
from dashboards.source.grid import Grid
from dashboards.source.known import known
from dashboards.source.panels import Query, Words, curves, daily, heat, shades
from dashboards.source.queries import BRIDGE, CHOSEN, FAILING_COUNT, OUTAGE, now
from dashboards.source.stored import gapped, stored
from dashboards.source.tiles import NONE_IS_GOOD, Tile, data_age_queries, data_age_tile, tile
from dashboards.source.values import BLUE, GREEN, GREY, RED

ABOUT: Final = About(
    OVERVIEW,
    "Are my databases recoverable?",
    "Every ByCloud database: can it be restored, to what point in time, and does that meet its objective?",
)
COLOURS: Final = {
    "COMPLETED": GREEN,
    "RESTORED": "light-green",
    "FAILED": RED,
    "NEW": "light-blue",
    "BUILDING": BLUE,
    "SAVING": "dark-blue",
}
OVER: Final = 8
"""The first quarter of the row that has no end."""
ROWS: Final = (
    *(f"{25 * quarter} to {25 * quarter + 25} %" for quarter in range(OVER)),
    f"over {25 * OVER} %",
    "no backup",
)
"""The rows of the heat map."""
FAILED: Final = 'status=~"$failed"'
COUNTED: Final = {
    6: ("No backup", "Databases with an objective and no restorable backup."),
    5: ("Too old", "Databases whose newest restorable backup is older than their objective allows."),
    4: (
        "Running too long",
        "Databases with a backup that has been running for longer than their objective allows.",
    ),
    3: ("Last attempt failed", "Databases with an objective whose newest finished backup failed."),
    2: (
        "Unrestorable",
        "Databases whose newest completed backup builds on one that is missing or failed.",
    ),
}
"""The title and the description of the tile of each problem, by its state."""
TO_TARGETS: Final = f"/d/{EXPORTER}?{CHOICES}&{RANGE}"
IN_OUTAGE: Final = (
    " While a target is not read, a number that would be good is grey: it is the last known one."
)


def overview(settings: Settings) -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).with_variable(SHOW).with_variable(FAILED_VARIABLE)
    grid = Grid(made.annotation(alerts()))
    grid.place(4, _within_objective(), *_problems(), _failing(), _data_age(settings))
    grid.place(6, _firing(), alerts_table(settings), widths=(3, 21))
    grid.place(13, databases_table())
    grid.row("Trends")
    grid.place(8, _ages(), _failed())
    grid.place(8, *_backups())
    return made


def _within_objective() -> stat.Panel:
    share = f"floor(1000 * avg({known(_met)}) + 0.0001) / 1000"
    judged = f"max({known(_judged)})"
    return tile(
        Words(
            "Within objective",
            "Share of the databases with an objective that meet it, never rounded up." + IN_OUTAGE,
            "percentunit",
        ),
        Tile(
            steps=((None, RED), (1, GREEN)),
            decimals=1,
            named={-1: ("no objective", GREY)},
            link=_shown(0),
        ),
        f"{share} < 2 - {OUTAGE} or {judged} == -1",
        f"{share} >= 2 - {OUTAGE}",
    )


def _met(fleet: Fleet) -> str:
    """Return whether each database with an objective meets it: 1 or 0."""
    return fleet.of_teams(f"({fleet.age} <= bool {fleet.objective} or 0 * {fleet.objective})")


def _judged(fleet: Fleet) -> str:
    """Return 0 for each database with an objective and -1 for the others."""
    return fleet.of_teams(f"(0 * {fleet.objective} or 0 * {fleet.restorable} - 1)")


def _problems() -> Iterator[stat.Panel]:
    for state, (title, text) in COUNTED.items():
        yield _count(Words(title, text + IN_OUTAGE, "short"), state)


def _count(words: Words, state: int) -> stat.Panel:
    """Count databases; grey if there is none in an outage, or if none is judged."""
    databases = known(lambda fleet: fleet.of_teams(fleet.found(state)))
    missing = "no limit" if state == RUNNING_TOO_LONG else "no objective"
    return tile(
        words,
        Tile(
            steps=NONE_IS_GOOD,
            second=(GREY, {0: "0 known", -1: missing}),
            link=_shown(state),
        ),
        f"sum({databases} >= 0) >= {OUTAGE}",
        f"max({databases}) < {OUTAGE}",
    )


def _shown(state: int) -> str:
    return f"/d/{OVERVIEW}?{CHOICES}&var-show={state}&{RANGE}"


def _failing() -> stat.Panel:
    return tile(
        Words(
            "Targets not read",
            "Targets whose last walk of the API failed, that have never been read, or whose exporter cannot"
            " be scraped.",
            "short",
        ),
        Tile(steps=NONE_IS_GOOD, missing=RED, link=TO_TARGETS),
        FAILING_COUNT,
    )


def _data_age(settings: Settings) -> stat.Panel:
    return tile(
        Words(
            "Oldest data",
            "Time since the last complete walk of the API, for the target where it is longest. Red an hour"
            " after the next one was due.",
            "dtdurations",
        ),
        data_age_tile(TO_TARGETS),
        *data_age_queries(settings.stale_seconds),
    )


def _firing() -> stat.Panel:
    return tile(
        Words(
            "Firing alerts",
            "Alerts of the project's rules that fire now, of every datastore and of the selected teams; those"
            " of targets concern each. No rules: Prometheus has not evaluated them within ten minutes.",
            "short",
            "no rules",
        ),
        Tile(steps=NONE_IS_GOOD),
        f"count({firing()}) or 0 * count(last_over_time(bycloud:exporter:scrapes{{{CHOSEN}}}[{BRIDGE}]))",
    )


def _ages() -> heatmap.Panel:
    quarters = f"clamp_max(floor(4 * {NOW.share}), {OVER}) or 0 * {NOW.no_backup} + {OVER + 1}"
    counted = f'count_values("row", {NOW.of_teams(f"({quarters})")})'
    read = f"0 * count({now('bycloud_scrape_backups')})"
    empty = " or ".join(f'label_replace({read}, "row", "{row}", "", "")' for row in range(len(ROWS)))
    named = f"({counted} or on (row) ({empty}))"
    for row, name in enumerate(ROWS):
        named = f'label_replace({named}, "share", "{name}", "row", "{row}")'
    return heat(
        Words(
            "Ages as a share of the objective",
            "How many databases have a newest restorable backup of this age, as a share of what their"
            " objective allows. Everything above 100 % misses it. The full colour is 20 or more. Empty while"
            " a target that was read within a day is lost.",
            "short",
        ),
        Query(gapped(named), "{{share}}"),
    )


def _failed() -> timeseries.Panel:
    read = f"last_over_time(bycloud_scrape_backups{{{CHOSEN}}}[1d] offset -1d)"
    return daily(
        Words(
            "Failed attempts per day",
            "Backups that failed, on the day in UTC on which the exporter found them; today so far."
            " The hidden variable `failed` has their statuses.",
            "short",
        ),
        Query(f"sum({NOW.ended_per_day(FAILED)}) or 0 * count({read})", "failed"),
        color=RED,
    )


def _backups() -> Iterator[timeseries.Panel]:
    status = curves(
        Words("Backups by status", "Number of backups that the API lists.", "short"),
        Query(gapped(f"sum by (status) ({NOW.backups('backups')})"), "{{status}}"),
        stacked=True,
    ).interval("1h")
    for name, color in COLOURS.items():
        chosen = {"mode": "fixed", "fixedColor": color}
        status = status.override_by_name(name, [dashboard.DynamicConfigValue("color", chosen)])
    yield status
    yield curves(
        Words("Stored size by datastore", "Size of all backups that the API lists.", "decbytes"),
        Query(gapped(stored("datastore_type")), "{{datastore_type}}"),
        stacked=True,
        scheme=shades("blue"),
    ).interval("1h")
