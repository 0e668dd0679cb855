"""The overview: which databases can be restored, which cannot, and whether the data is current."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from dashboards.source.frame import INSTANCE, OVERVIEW, About, alerts, frame
from dashboards.source.panels import (
    BLUE,
    GREEN,
    RED,
    Column,
    Grid,
    Query,
    Words,
    curves,
    listing,
    states,
    tile,
    timeline,
)
from dashboards.source.queries import CHOSEN, Fleet, once

ALL: Final = Fleet()
NONE_IS_GOOD: Final = ((None, GREEN), (1, RED))
ABOUT: Final = About(
    OVERVIEW,
    "Are my databases recoverable?",
    "Every ByCloud database: can it be restored, to what point in time, and does that meet its objective?",
    (INSTANCE, "One database"),
)
LINK: Final = {
    "title": "This database's dashboard",
    "url": f"/d/{INSTANCE}?${{__all_variables}}&${{__url_time_range}}"
    "&var-database=${__data.fields.instance_id}",
}
NEVER: Final = {  # the ratio of a database without any backup is that of the time since 1970
    "type": "range",
    "options": {"from": 1000, "to": None, "result": {"text": "no backup", "color": RED, "index": 0}},
}
AGE_OF_NEVER: Final = {
    "type": "range",
    "options": {"from": 1e9, "to": None, "result": {"text": "no backup", "color": RED, "index": 0}},
}
COLOURS: Final = {
    "COMPLETED": GREEN,
    "RESTORED": "light-green",
    "FAILED": RED,
    "NEW": "light-blue",
    "BUILDING": BLUE,
    "SAVING": "dark-blue",
}


def overview() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = frame(ABOUT).annotation(alerts())
    grid = Grid(made)
    _tiles(grid)
    _databases(grid)
    _trends(grid)
    _health(grid)
    return made


def _tiles(grid: Grid) -> None:
    grid.place(
        4,
        tile(
            Words(
                "Within objective",
                "Share of the databases with an objective that meet it.",
                "percentunit",
            ),
            f"avg({ALL.age_or_never} <= bool {ALL.objective})",
            ((None, RED), (1, GREEN)),
            decimals=1,
        ),
        tile(
            Words(
                "Without any backup",
                "Databases with an objective but no restorable backup.",
                "short",
            ),
            f"sum({ALL.restorable} == bool 0 and {ALL.objective})",
            NONE_IS_GOOD,
        ),
        tile(
            Words(
                "Over objective",
                "Databases whose newest restorable backup is older than their objective allows.",
                "short",
            ),
            f"sum({ALL.age} > bool {ALL.objective})",
            NONE_IS_GOOD,
        ),
        tile(
            Words(
                "Last attempt failed",
                "Databases whose newest finished backup failed, and databases with an objective that"
                " never had a finished backup.",
                "short",
            ),
            f"sum({ALL.fact('backup_last_attempt_failed')} or 0 * {ALL.objective} + 1)",
            NONE_IS_GOOD,
        ),
        tile(
            Words(
                "Broken chains",
                "Databases with completed backups that cannot be restored, because they build on an"
                " unusable one.",
                "short",
            ),
            f"sum({ALL.broken} > bool 0)",
            NONE_IS_GOOD,
        ),
        tile(
            Words(
                "Age of this data",
                "Time since the last complete walk of the API, for the target where it is longest."
                " The rest of this page is as old.",
                "s",
                "never read",
            ),
            f"max(time() - {once('bycloud_last_success_timestamp_seconds')})",
            ((None, GREEN), (900, RED)),
        ),
    )


def _databases(grid: Grid) -> None:
    grid.place(
        12,
        listing(
            Words(
                "Databases, worst first",
                "Sorted by the age of the newest restorable backup relative to the objective."
                " Databases without an objective come last.",
                "short",
                "-",
            ),
            {
                "A": ALL.names,
                "B": f"{ALL.age_or_never} / {ALL.objective}",
                "C": ALL.age_or_never,
                "D": ALL.objective,
                "E": ALL.fact("restorable_newest_chain_length"),
                "F": ALL.fact("backup_last_attempt_failed"),
                "G": ALL.unusable,
                "H": ALL.summed("backups_size_bytes"),
            },
            _columns(),
            "Of objective",
        ),
    )


def _columns() -> list[Column]:
    steps = {"mode": "absolute", "steps": [{"color": GREEN, "value": None}, {"color": RED, "value": 1}]}
    last = [mapping.to_json() for mapping in states({0: ("ok", GREEN), 1: ("failed", RED)})]
    text = {"type": "color-text"}
    gauge = {"type": "gauge", "mode": "basic", "valueDisplayMode": "color"}
    return [
        Column(field="instance_name", name="Database", more={"links": [LINK]}),
        Column(field="target", name="Target", width=120),
        Column(field="datastore_type", name="Datastore", width=110),
        Column(
            field="Value #C",
            name="Newest restorable",
            unit="dtdurations",
            width=200,
            more={"mappings": [AGE_OF_NEVER], "decimals": 1},
        ),
        Column(
            field="Value #D",
            name="Objective",
            unit="dtdurations",
            width=130,
            more={"noValue": "none", "decimals": 1},
        ),
        Column(
            field="Value #B",
            name="Of objective",
            unit="percentunit",
            width=260,
            more={
                "custom.cellOptions": gauge,
                "thresholds": steps,
                "mappings": [NEVER],
                "min": 0,
                "max": 2,
                "decimals": 0,
            },
        ),
        Column(field="Value #E", name="Chain", width=80),
        Column(
            field="Value #F",
            name="Last attempt",
            width=120,
            more={"custom.cellOptions": text, "mappings": last, "noValue": "none yet"},
        ),
        Column(field="Value #G", name="Failed or unfinished", width=160),
        Column(field="Value #H", name="Stored", unit="bytes", width=110, more={"decimals": 1}),
        *(Column(field=field) for field in ("Time", "Value #A", "job", "instance_id")),
    ]


def _trends(grid: Grid) -> None:
    grid.row("Trends")
    status = curves(
        Words("Backups by status", "Number of backups that the API lists.", "short"),
        Query(f"sum by (status) ({ALL.backups('backups')})", "{{status}}"),
        stacked=True,
    )
    for name, color in COLOURS.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        status = status.override_by_name(name, [dashboard.DynamicConfigValue("color", fixed)])
    size = curves(
        Words("Stored size by datastore", "Size of all backups that the API lists.", "bytes"),
        Query(f"sum by (datastore_type) ({ALL.backups('backups_size_bytes')})", "{{datastore_type}}"),
        stacked=True,
    )
    grid.place(8, status, size)
    grid.place(
        9,
        curves(
            Words(
                "Least recoverable",
                "Age of the newest restorable backup, for the five databases with an objective where it is"
                " oldest at each point in time.",
                "s",
            ),
            Query(f"topk(5, {ALL.named(f'({ALL.age} and {ALL.objective})')})", "{{instance_name}}"),
            table_legend=True,
        ),
    )


def _health(grid: Grid) -> None:
    grid.row("Exporter and API")
    up_or_down = {0: ("down", RED), 1: ("up", GREEN)}
    grid.place(
        7,
        timeline(
            Words(
                "Reachability",
                "Whether Prometheus can scrape the exporter (`up`), and whether its last walk was complete"
                " (`bycloud_up`).",
                "short",
            ),
            up_or_down,
            Query(f"max by (job, target, instance) (up{{{CHOSEN}}})", "exporter {{instance}} {{target}}"),
            Query(
                f"max by (job, target, instance) (bycloud_up{{{CHOSEN}}})", "API from {{instance}} {{target}}"
            ),
        ),
        timeline(
            Words(
                "Why walks fail",
                "The reason, while the last walk is a failed one. Empty if walks succeed.",
                "short",
                "no walk failed",
            ),
            {1: ("failing", RED)},
            Query(f"{once('bycloud_scrape_failure', 'reason')} == 1", "{{reason}} {{target}}"),
        ),
        curves(
            Words("Age of the data", "Time since the last complete walk.", "s"),
            Query(f"time() - {once('bycloud_last_success_timestamp_seconds')}", "{{job}} {{target}}"),
        ),
    )
    rate = "[$__rate_interval]"
    bucket = f"sum by (le) (rate(bycloud_api_request_duration_seconds_bucket{{{CHOSEN}}}{rate}))"
    left = f"bycloud_api_budget_remaining_requests{{{CHOSEN}}} / bycloud_api_budget_requests{{{CHOSEN}}}"
    grid.place(
        7,
        curves(
            Words("Requests by code", "Requests to the API, by HTTP status or kind of error.", "reqps"),
            Query(f"sum by (code) (rate(bycloud_api_requests_total{{{CHOSEN}}}{rate}))", "{{code}}"),
        ),
        curves(
            Words("API latency", "Time from a request to the end of its response.", "s"),
            Query(f"histogram_quantile(0.5, {bucket})", "median"),
            Query(f"histogram_quantile(0.95, {bucket})", "95 of 100"),
        ),
        curves(
            Words(
                "Request budget left",
                "Share of the API's requests that are left: of the minute as reported by the API, of the hour"
                " as counted by the exporter; for the exporter with the least.",
                "percentunit",
            ),
            Query(f"min by (target, window) ({left})", "{{window}} {{target}}"),
        ),
    )
    grid.place(
        7,
        curves(
            Words("Walk time", "How long the last walk took.", "s"),
            Query(once("bycloud_scrape_duration_seconds"), "{{job}} {{target}}"),
        ),
        curves(
            Words(
                "Pages and requests",
                "Pages that the last walk read and requests that it sent, including retries.",
                "short",
            ),
            Query(once("bycloud_scrape_pages"), "pages {{target}}"),
            Query(once("bycloud_scrape_requests"), "requests {{target}}"),
        ),
        curves(
            Words(
                "Backups read and reported",
                "Backups that the walk read, the total that the API reports, and malformed records.",
                "short",
            ),
            Query(once("bycloud_scrape_backups"), "read {{target}}"),
            Query(once("bycloud_scrape_reported_backups"), "reported {{target}}"),
            Query(once("bycloud_scrape_malformed_backups"), "malformed {{target}}"),
        ),
    )
