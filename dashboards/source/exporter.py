"""The dashboard of the exporter: all targets, the API and its budget, walks, replicas."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, statetimeline, timeseries

from alerts.source.settings import Settings
from dashboards.source.frame import EXPORTER, SERVED, About, alerts, frame, several
from dashboards.source.grid import Grid
from dashboards.source.panels import Query, Words, curves, timeline
from dashboards.source.queries import (
    BY_TARGET,
    CHOSEN,
    FAILING_COUNT,
    TARGETS,
    in_a_week,
    now,
    placed,
)
from dashboards.source.targets_table import targets_table
from dashboards.source.tiles import NONE_IS_GOOD, Tile, data_age_queries, data_age_tile, tile
from dashboards.source.values import BLUE, GREEN, GREY, MINUTES, ORANGE, RED, SECONDS

ABOUT: Final = About(
    EXPORTER,
    "Is the backup exporter OK?",
    "The exporter and the API: all targets, requests and their budget, walks, replicas.",
)
REPLICA: Final = f'{CHOSEN},instance=~"$instance"'
OF_EXPORTER: Final = CHOSEN.replace('"$target"', '"$target|"')
OWN: Final = REPLICA.replace('"$target"', '"$target|"')
"""Matchers for what concerns the whole exporter: it has no target, unless a relabelling adds one."""
RATE: Final = "[$__rate_interval]"
EXPIRY: Final = "bycloud_api_credential_expiry_timestamp_seconds"
RELOADED: Final = "last_reload_successful"


def exporter() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = frame(ABOUT).with_variable(_instances()).annotation(alerts())
    grid = Grid(made)
    grid.place(4, *_tiles())
    grid.place(8, targets_table())
    grid.place(8, _scrapes(), _walks(), _reasons())
    grid.row("API and budget")
    grid.place(8, *_requests())
    grid.place(8, *_pacing())
    grid.row("Walks")
    grid.place(8, *_each_walk(), _refused())
    grid.row("Replicas")
    grid.place(8, *_replicas())
    return made


def _instances() -> builders.QueryVariable:
    return several("instance", "Exporter", f"label_values({{{SERVED},{CHOSEN}}}, instance)")


def _ours(name: str) -> str:
    """Return a metric that other programs serve too, of the exporter's jobs."""
    job = "cluster, namespace, job"
    served = in_a_week(f"bycloud_exporter_build_info{{{OF_EXPORTER}}}")
    return f"({name} and on ({job}) ({served} or {TARGETS}))"


def _tiles() -> Iterator[stat.Panel]:
    up = f"up{{{OWN}}}"
    yield tile(
        Words("Scrapes failing", "Scrapes of the exporter that fail (`up` is 0).", "short"),
        Tile(steps=NONE_IS_GOOD, missing=RED),
        f"count({_ours(up)} == 0) or 0 * count({_ours(up)})",
    )
    yield tile(
        Words(
            "Targets not read",
            "Targets whose last walk failed, that have never been read, or whose exporter cannot be scraped.",
            "short",
        ),
        Tile(steps=NONE_IS_GOOD, missing=RED),
        FAILING_COUNT,
    )
    yield tile(
        Words(
            "Oldest data",
            "Time since the last complete walk of the API, for the target where it is longest. Red an hour"
            " after the next one was due.",
            "dtdurations",
        ),
        data_age_tile(""),
        *data_age_queries(),
    )
    yield tile(
        Words(
            "Deferred", "Targets whose last scrape waited for the API's budget instead of walking.", "short"
        ),
        Tile(steps=((None, GREY), (1, BLUE))),
        f"sum({now('bycloud_scrape_deferred')})",
    )
    yield from _limits()


def _limits() -> Iterator[stat.Panel]:
    left = "bycloud_api_budget_remaining_requests", "bycloud_api_budget_requests"
    remaining, allowed = (f'{name}{{{REPLICA},window="hour"}}' for name in left)
    yield tile(
        Words(
            "Least budget left",
            "Share of the hour's requests that are left, for the target with the least.",
            "percentunit",
            "no budget",
        ),
        Tile(steps=((None, RED), (0.1, ORANGE), (0.25, GREEN))),
        f"min({remaining} / {allowed})",
    )
    yield tile(
        Words(
            "Credential expires",
            "Time until the first token expires. Only tokens that are JWTs have an expiry.",
            "dtdurations",
            "no expiry",
        ),
        Tile(steps=((None, RED), (Settings().credential_seconds, GREEN))),
        f"min({EXPIRY}{{{REPLICA}}} - time())",
    )
    own, web = (f"bycloud_exporter_{part}_{RELOADED}{{{OWN}}}" for part in ("config", "web_config"))
    yield tile(
        Words(
            "Configuration", "Whether the last reload of each exporter's configuration succeeded.", "short"
        ),
        Tile(named={1: ("OK", GREEN), 0: ("not in use", RED)}),
        f'min({own} or label_replace({web}, "file", "web", "", ""))',
    )
    yield tile(
        Words("Exporters", "Number of exporters that Prometheus scrapes.", "short"),
        Tile(missing=RED),
        f"count(count by (cluster, namespace, job, instance) (bycloud_exporter_build_info{{{OWN}}}))",
    )


def _scrapes() -> statetimeline.Panel:
    found = f"max by ({BY_TARGET}, instance) ({_ours(f'up{{{OWN}}}')})"
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


def _requests() -> Iterator[timeseries.Panel]:
    bucket = f"sum by (le) (rate(bycloud_api_request_duration_seconds_bucket{{{REPLICA}}}{RATE}))"
    yield curves(
        Words("Requests by code", "Requests to the API, by HTTP status or kind of error.", "reqps"),
        Query(f"sum by (code) (rate(bycloud_api_requests_total{{{REPLICA}}}{RATE}))", "{{code}}"),
    )
    yield curves(
        Words("Latency", "Time from a request to the end of its response: median and p95.", "s"),
        Query(f"histogram_quantile(0.5, {bucket})", "median"),
        Query(f"histogram_quantile(0.95, {bucket})", "p95"),
    )
    yield curves(
        Words("Retries", "Retried requests, by the reason of the failure.", "reqps"),
        Query(f"sum by (reason) (rate(bycloud_api_retries_total{{{REPLICA}}}{RATE}))", "{{reason}}"),
    )


def _pacing() -> Iterator[timeseries.Panel]:
    remaining, allowed = (f"bycloud_api_budget_{name}requests{{{REPLICA}}}" for name in ("remaining_", ""))
    yield curves(
        Words(
            "Budget left",
            "Share of the API's requests that are left: of the minute as the API reports it, of the hour as"
            " the exporter counts it; for the exporter with the least.",
            "percentunit",
        ),
        Query(f"min by (target, window) ({remaining} / {allowed})", "{{window}} {{target}}"),
    )
    yield curves(
        Words(
            "Time between walks",
            "As the API's budget and `min_walk_interval` allow; 0: every scrape walks.",
            MINUTES,
        ),
        Query(placed(f"{now('bycloud_scrape_walk_interval_seconds')} / 60"), "{{place}}"),
    )
    yield curves(
        Words(
            "Deferred scrapes",
            "Whether scrapes are answered from the last walk because the budget allows none: 1 is deferred.",
            "short",
        ),
        Query(placed(now("bycloud_scrape_deferred")), "{{place}}"),
    )


def _each_walk() -> Iterator[timeseries.Panel]:
    yield curves(
        Words("Duration of walks", "How long the last walk took.", SECONDS),
        Query(placed(now("bycloud_scrape_duration_seconds")), "{{place}}"),
    )
    yield curves(
        Words(
            "Pages and requests",
            "Pages that the last walk read and requests that it sent, including retries.",
            "short",
        ),
        Query(placed(now("bycloud_scrape_pages")), "pages {{place}}"),
        Query(placed(now("bycloud_scrape_requests")), "requests {{place}}"),
    )
    counted = ("backups", "reported_backups", "malformed_backups", "duplicate_backups", "excluded_backups")
    yield curves(
        Words(
            "What walks found",
            "Backups that the last complete walk read and that the API reports; malformed, repeated and"
            " excluded ones.",
            "short",
        ),
        *(
            Query(placed(now(f"bycloud_scrape_{name}")), f"{name.partition('_backups')[0]} {{{{place}}}}")
            for name in counted
        ),
    )


def _replicas() -> Iterator[timeseries.Panel]:
    each = f"max by ({BY_TARGET}, instance)"
    success = f"bycloud_last_success_timestamp_seconds{{{REPLICA}}}"
    yield curves(
        Words("Age of each exporter's data", "Time since the last complete walk of each exporter.", MINUTES),
        Query(placed(f"clamp_min(time() - {each} ({success}), 0) / 60"), "{{instance}} {{place}}"),
    )
    yield curves(
        Words(
            "Backups that each exporter reads",
            "Replicas of one target read the same list: a lasting difference is a wrong configuration.",
            "short",
        ),
        Query(placed(f"{each} (bycloud_scrape_backups{{{REPLICA}}})"), "{{instance}} {{place}}"),
    )
    yield curves(
        Words("Memory", "Resident memory of each exporter.", "bytes"),
        Query(
            f"max by (cluster, namespace, job, instance)"
            f" ({_ours(f'process_resident_memory_bytes{{{OWN}}}')})",
            "{{instance}}",
        ),
    )
    cpu = _ours(f"rate(process_cpu_seconds_total{{{OWN}}}{RATE})")
    yield curves(
        Words("Processor", "Processor cores that each exporter uses.", "short"),
        Query(f"max by (cluster, namespace, job, instance) ({cpu})", "{{instance}}"),
    )


def _refused() -> timeseries.Panel:
    refused = f"rate(bycloud_exporter_refused_requests_total{{{OWN}}}{RATE})"
    return curves(
        Words(
            "Refused requests",
            "Requests that the exporter refused and connections that it closed, by reason.",
            "reqps",
            "none refused, or no data",
        ),
        Query(f"sum by (reason) ({refused}) > 0", "{{reason}}"),
    )
