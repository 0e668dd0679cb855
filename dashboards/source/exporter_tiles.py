"""The tiles of the exporter's dashboard."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import stat

from alerts.source.settings import Settings
from dashboards.source.exporters import OWN, REPLICA, ours
from dashboards.source.panels import Words
from dashboards.source.queries import (
    FAILING_COUNT,
    now,
)
from dashboards.source.tiles import NONE_IS_GOOD, Tile, data_age_queries, data_age_tile, tile
from dashboards.source.values import BLUE, GREEN, GREY, ORANGE, RED

EXPIRY: Final = "bycloud_api_credential_expiry_timestamp_seconds"
RELOADED: Final = "last_reload_successful"


def tiles(settings: Settings) -> Iterator[stat.Panel]:
    """Yield all tiles."""
    up = f"up{{{OWN}}}"
    yield tile(
        Words("Scrapes failing", "Scrapes of the exporter that fail (`up` is 0).", "short"),
        Tile(steps=NONE_IS_GOOD, missing=RED),
        f"count({ours(up)} == 0) or 0 * count({ours(up)})",
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
        *data_age_queries(settings.stale_seconds),
    )
    yield tile(
        Words(
            "Deferred", "Targets whose last scrape waited for the API's budget instead of walking.", "short"
        ),
        Tile(steps=((None, GREY), (1, BLUE))),
        f"sum({now('bycloud_scrape_deferred')})",
    )
    yield from _limits(settings.credential_seconds)


def _limits(credential_seconds: float) -> Iterator[stat.Panel]:
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
        Tile(steps=((None, RED), (credential_seconds, GREEN))),
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
