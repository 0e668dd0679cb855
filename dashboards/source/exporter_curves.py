"""The curves of the exporter's dashboard."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import timeseries

from dashboards.source.exporters import OWN, RATE, REPLICA, ours
from dashboards.source.panels import Query, Words, curves
from dashboards.source.queries import (
    BY_TARGET,
    now,
    placed,
)
from dashboards.source.values import MINUTES, SECONDS


def requests() -> Iterator[timeseries.Panel]:
    """Return the curves of requests to the API."""
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


def pacing() -> Iterator[timeseries.Panel]:
    """Return the curves of the API's budget and of what waits for it."""
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


def each_walk() -> Iterator[timeseries.Panel]:
    """Return the curves of the walks of each target."""
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


def replicas() -> Iterator[timeseries.Panel]:
    """Return the curves of each exporter."""
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
            f"max by (cluster, namespace, job, instance) ({ours(f'process_resident_memory_bytes{{{OWN}}}')})",
            "{{instance}}",
        ),
    )
    cpu = ours(f"rate(process_cpu_seconds_total{{{OWN}}}{RATE})")
    yield curves(
        Words("Processor", "Processor cores that each exporter uses.", "short"),
        Query(f"max by (cluster, namespace, job, instance) ({cpu})", "{{instance}}"),
    )


def refused() -> timeseries.Panel:
    """Return the curve of refused requests."""
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
