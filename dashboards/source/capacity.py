"""The capacity of backups: for a planner, who asks how much there will be and what it costs."""

from collections.abc import Iterator, Mapping
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards.source.capacity_table import fulls_table, teams_table
from dashboards.source.fleet import DATASTORE, NOW
from dashboards.source.frame import (
    CAPACITY,
    COMPLETED,
    OF_TARGETS,
    About,
    alerts,
    frame,
    with_database_variables,
)
from dashboards.source.grid import Grid
from dashboards.source.panels import Query, Words, curves, shades
from dashboards.source.queries import BY_DATABASE, CHOSEN
from dashboards.source.stored import (
    BY_TARGETS,
    DAY,
    DOUBLING,
    GIGABYTE,
    GROWTH,
    STORED,
    by_team,
    forecast,
    gapped,
    owned,
    stored,
)
from dashboards.source.tiles import Tile, tile
from dashboards.source.values import BLUE, GREY, MINUTES, ORANGE

ABOUT: Final = About(
    CAPACITY,
    "How much is stored, and how much will there be?",
    "The stored size of ByCloud backups by datastore and team, its trend and its price.",
)
LEAST: Final = "the last 30 days, or of those that Prometheus has, at least seven."
TREND_TEXT: Final = f" It continues the trend of {LEAST}"
SIZE: Final = "decbytes"
"""Thousands, as in the price of a GB."""
PRICED: Final = "locale"
STEP: Final = "3h"
"""Between points of sizes: each costs Prometheus time."""
PRICE: Final = (
    builders.TextBoxVariable("price")
    .label("Price per GB and month")
    .default_value("0.05")
    .description("In any currency; a GB has 1,000,000,000 bytes.")
)


def capacity() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).with_variable(PRICE).time("now-30d", "now").refresh("")
    grid = Grid(made.with_variable(COMPLETED).annotation(alerts(OF_TARGETS)))
    grid.place(4, *_tiles())
    grid.place(9, *_sizes())
    grid.place(9, _forecast(), teams_table(), widths=(12, 12))
    grid.place(12, fulls_table())
    grid.row("Durations")
    grid.place(8, *_durations())
    return made


def _tiles() -> Iterator[stat.Panel]:
    yield tile(Words("Stored", "Size of all backups that the API lists.", SIZE), Tile(decimals=2), STORED)
    yield tile(
        Words("Growth per day", f"By the trend of {LEAST}", SIZE),
        Tile(decimals=1),
        f"{GROWTH} * {DAY}",
    )
    for days, words in ((30, "In 30 days"), (365, "In a year")):
        yield tile(
            Words(words, "Expected size of all backups." + TREND_TEXT, SIZE),
            Tile(decimals=2),
            forecast(BY_TARGETS, days),
        )
    yield tile(
        Words(
            "Doubles on",
            "The day on which twice as much will be stored as today." + TREND_TEXT,
            "time:YYYY-MM-DD",
            "not growing, or no data",
        ),
        Tile(),
        DOUBLING,
    )
    yield tile(
        Words("Cost per month", "The stored size times the price per GB and month at the top.", PRICED),
        Tile(decimals=2),
        f"{STORED} / {GIGABYTE} * $price",
    )


def _sizes() -> Iterator[timeseries.Panel]:
    size = "Size of all backups that the API lists"
    yield curves(
        Words("Stored size by datastore", f"{size}, by the type of database.", SIZE),
        Query(gapped(stored("datastore_type")), "{{datastore_type}}"),
        stacked=True,
        scheme=shades("blue"),
    ).interval(STEP)
    yield curves(
        Words("Stored size by team", f"{size}, by the objectives' label `team`.", SIZE),
        Query(gapped(by_team(owned(NOW))), "{{team}}"),
        stacked=True,
        scheme=shades("purple"),
    ).interval(STEP)


def _forecast() -> timeseries.Panel:
    panel = curves(
        Words(
            "Stored size and its forecast",
            "What is stored, and what the trend said about each moment a week before: the closer both are,"
            " the better the forecasts above.",
            SIZE,
        ),
        Query(gapped(stored()), "stored"),
        Query(forecast(BY_TARGETS, 7, " offset 7d"), "forecast a week before"),
    )
    return _coloured(panel, {"stored": BLUE, "forecast a week before": ORANGE}).interval(STEP)


def _durations() -> Iterator[timeseries.Panel]:
    completed, day = ',status=~"$completed"', "[1d]"
    durations = NOW.of_teams(NOW.fact("backup_newest_duration_seconds", where=completed))
    yield _coloured(
        curves(
            Words(
                "Durations across the fleet",
                "How long each database's newest completed backup took, full or incremental: the median, p95"
                " and the longest.",
                MINUTES,
            ),
            Query(f"quantile(0.5, {durations}) / 60", "median"),
            Query(f"quantile(0.95, {durations}) / 60", "p95"),
            Query(f"max({durations}) / 60", "longest"),
        ),
        {"median": BLUE, "p95": ORANGE, "longest": GREY},
    )
    within = f"bycloud_database_backup_newest_duration_seconds{{{CHOSEN},{DATASTORE}{completed}}}{day}"
    longest = f"max by ({BY_DATABASE}, datastore_type) (max_over_time({within}))"
    yield curves(
        Words("Longest of a day, by datastore", "The longest completed backup of the day before.", MINUTES),
        Query(f"max by (datastore_type) ({NOW.of_teams(longest)}) / 60", "{{datastore_type}}"),
        scheme=shades("blue"),
    )


def _coloured(panel: timeseries.Panel, colors: Mapping[str, str]) -> timeseries.Panel:
    for name, color in colors.items():
        fixed = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})
        panel = panel.override_by_name(name, [fixed])
    return panel
