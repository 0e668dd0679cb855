"""The capacity of backups: for a planner, who asks how much there will be and what it costs."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards.source.capacity_table import fulls_table, teams_table
from dashboards.source.fleet import NOW
from dashboards.source.frame import CAPACITY, About, frame, with_database_variables
from dashboards.source.grid import Grid
from dashboards.source.panels import BLUE, ORANGE, Query, Tile, Words, curves, shades, tile
from dashboards.source.stored import (
    DAY,
    DOUBLING,
    GIGABYTE,
    GROWTH,
    STORED,
    forecast,
    stored,
    stored_by_team,
)

ABOUT: Final = About(
    CAPACITY,
    "How much is stored, and how much will there be?",
    "The stored size of ByCloud backups by datastore and team, its trend and its price.",
)
TREND_TEXT: Final = (
    " The forecast continues the trend of the last 30 days, or of as many as Prometheus keeps."
)
PRICE: Final = (
    builders.TextBoxVariable("price")
    .label("Price per GB and month")
    .default_value("0.05")
    .description("In any currency; a GB has 1,000,000,000 bytes.")
)


def capacity() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = with_database_variables(frame(ABOUT)).with_variable(PRICE).time("now-30d", "now").refresh("")
    grid = Grid(made)
    grid.place(4, *_tiles())
    grid.place(9, *_sizes())
    grid.place(9, _forecast(), teams_table(), widths=(12, 12))
    grid.place(12, fulls_table())
    grid.row("Durations")
    grid.place(8, *_durations())
    return made


def _tiles() -> Iterator[stat.Panel]:
    yield tile(Words("Stored", "Size of all backups that the API lists.", "bytes"), Tile(decimals=2), STORED)
    yield tile(
        Words("Growth per day", "The trend of the last 30 days.", "bytes"),
        Tile(decimals=1),
        f"{GROWTH} * {DAY}",
    )
    for days, words in ((30, "In 30 days"), (365, "In a year")):
        yield tile(
            Words(words, "Expected size of all backups." + TREND_TEXT, "bytes"),
            Tile(decimals=2),
            forecast(stored(NOW), days),
        )
    yield tile(
        Words(
            "Doubles on",
            "The day on which twice as much will be stored as today." + TREND_TEXT,
            "dateTimeAsIso",
            "not growing, or no data",
        ),
        Tile(),
        DOUBLING,
    )
    yield tile(
        Words("Cost per month", "The stored size times the price per GB and month at the top.", "none"),
        Tile(decimals=2),
        f"{STORED} / {GIGABYTE} * $price",
    )


def _sizes() -> Iterator[timeseries.Panel]:
    size = "Size of all backups that the API lists"
    yield curves(
        Words("Stored size by datastore", f"{size}, by the type of database.", "bytes"),
        Query(stored(NOW, "datastore_type"), "{{datastore_type}}"),
        stacked=True,
        scheme=shades("blue"),
    )
    yield curves(
        Words("Stored size by team", f"{size}, by the objectives' label `team`.", "bytes"),
        Query(stored_by_team(NOW), "{{team}}"),
        stacked=True,
        scheme=shades("purple"),
    )


def _forecast() -> timeseries.Panel:
    return (
        curves(
            Words(
                "Stored size and its forecast",
                "What is stored, and what the trend of a week before said about each moment: the closer both"
                " are, the better the forecasts above.",
                "bytes",
            ),
            Query(stored(NOW), "stored"),
            Query(forecast(stored(NOW), 7, " offset 7d"), "forecast a week before"),
        )
        .override_by_name("stored", _colour(BLUE))
        .override_by_name("forecast a week before", _colour(ORANGE))
    )


def _colour(color: str) -> list[DynamicConfigValue]:
    return [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})]


def _durations() -> Iterator[timeseries.Panel]:
    durations = NOW.of_teams(NOW.fact("backup_newest_duration_seconds", where=',status="COMPLETED"'))
    yield curves(
        Words(
            "Durations across the fleet",
            "How long each database's newest completed backup took, full or incremental: the median, p95"
            " and the longest.",
            "s",
        ),
        Query(f"quantile(0.5, {durations})", "median"),
        Query(f"quantile(0.95, {durations})", "p95"),
        Query(f"max({durations})", "longest"),
    )
    by_type = NOW.fact("backup_newest_duration_seconds", "datastore_type", where=',status="COMPLETED"')
    yield curves(
        Words("Longest by datastore", "The longest of the newest completed backups.", "s"),
        Query(f"max by (datastore_type) ({by_type})", "{{datastore_type}}"),
        scheme=shades("blue"),
    )
