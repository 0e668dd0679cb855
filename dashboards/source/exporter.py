"""The dashboard of the exporter: all targets, the API and its budget, walks, replicas."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import statetimeline

from alerts.source.settings import Settings
from dashboards.source.exporter_curves import each_walk, pacing, refused, replicas, requests
from dashboards.source.exporter_tiles import tiles
from dashboards.source.exporters import OWN, REPLICA, ours
from dashboards.source.frame import EXPORTER, OF_TARGETS, SERVED, About, alerts, frame, several
from dashboards.source.grid import Grid
from dashboards.source.panels import Query, Words, timeline
from dashboards.source.queries import (
    BY_TARGET,
    CHOSEN,
    now,
    placed,
)
from dashboards.source.targets_table import targets_table
from dashboards.source.values import GREEN, RED

ABOUT: Final = About(
    EXPORTER,
    "Is the backup exporter OK?",
    "The exporter and the API: all targets, requests and their budget, walks, replicas.",
)


def exporter(settings: Settings) -> builders.Dashboard:
    """Return the whole dashboard."""
    made = frame(ABOUT).with_variable(_instances()).annotation(alerts(OF_TARGETS))
    grid = Grid(made)
    grid.place(4, *tiles(settings))
    grid.place(8, targets_table())
    grid.place(8, _scrapes(), _walks(), _reasons())
    grid.row("API and budget")
    grid.place(8, *requests())
    grid.place(8, *pacing())
    grid.row("Walks")
    grid.place(8, *each_walk(), refused())
    grid.row("Replicas")
    grid.place(8, *replicas())
    return made


def _instances() -> builders.QueryVariable:
    return several("instance", "Exporter", f"label_values({{{SERVED},{CHOSEN}}}, instance)")


def _scrapes() -> statetimeline.Panel:
    found = f"max by ({BY_TARGET}, instance) ({ours(f'up{{{OWN}}}')})"
    return timeline(
        Words("Scrapes", "Whether Prometheus can scrape each exporter (`up`).", "short"),
        {0: ("down", RED), 1: ("up", GREEN)},
        Query(placed(found), "{{instance}} {{place}}"),
    )


def _walks() -> statetimeline.Panel:
    found = f"max by ({BY_TARGET}, instance) (bycloud_up{{{REPLICA}}})"
    return timeline(
        Words("Walks", "Whether the last walk of each exporter was complete (`bycloud_up`).", "short"),
        {0: ("failing", RED), 1: ("OK", GREEN)},
        Query(placed(found), "{{instance}} {{place}}"),
    )


def _reasons() -> statetimeline.Panel:
    return timeline(
        Words(
            "Why walks fail",
            "The reason, while the last walk is a failed one. Empty if walks succeed, or if nothing is"
            " scraped.",
            "short",
            "no walk failed",
        ),
        {1: ("failing", RED)},
        Query(placed(f"{now('bycloud_scrape_failure', 'reason')} == 1"), "{{reason}} {{place}}"),
    )
