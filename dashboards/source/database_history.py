"""The history of one database: its restore points, sizes, durations and chains."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.models import dashboard

from dashboards.source.daily_counts import renewals
from dashboards.source.fleet import PREFIX, Fleet
from dashboards.source.panels import Query, Words, curves, daily, fixed
from dashboards.source.values import BLUE, GREEN, GREY, HOURS, MINUTES, ORANGE, RED

DASH: Final = dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
UNFILLED: Final = dashboard.DynamicConfigValue("custom.fillOpacity", 0)


def coloured(color: str) -> list[dashboard.DynamicConfigValue]:
    """Return the override that gives a series its colour."""
    return [dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})]


DASHED: Final = [DASH, *coloured(RED), UNFILLED]
"""The override of an objective's line."""


def restore_points(then: Fleet) -> Iterator[timeseries.Panel]:
    """Yield the restore points of each day, their gaps and their number."""
    newest = f"{PREFIX}restorable_newest_timestamp_seconds{{{then.selected}}}"
    yield daily(
        Words(
            "New restore points per day",
            "How often there was a newer restorable backup, by day in UTC; today so far. Two between"
            " two scrapes count once.",
            "short",
        ),
        Query(f"max({renewals(newest)})", "restore points"),
        color=BLUE,
    )
    yield curves(
        Words(
            "Largest gap between restore points",
            "Largest time between two neighbouring restore points, or since the newest. The dashed line is"
            " the objective.",
            HOURS,
        ),
        Query(f"max({then.fact('restorable_largest_gap_seconds')}) / 3600", "largest gap"),
        Query(f"max({then.fact('backup_objective_gap_seconds')}) / 3600", "objective"),
        scheme=fixed(BLUE),
    ).override_by_name("objective", DASHED)
    yield curves(
        Words(
            "Restorable and unrestorable backups",
            "How many backups can be restored, and how many cannot.",
            "short",
        ),
        Query(f"max({then.restorable})", "restorable"),
        Query(f"max({then.broken})", "unrestorable"),
        scheme=fixed(BLUE),
    ).override_by_name("unrestorable", coloured(ORANGE))


def attempts(then: Fleet) -> Iterator[timeseries.Panel]:
    """Yield durations, sizes and chain lengths."""
    yield _durations(then)
    yield _sizes(then)
    yield curves(
        Words(
            "Chain length",
            "Number of backups that restoring the newest one would have read; 1 means a full backup. The"
            " dashed line is the objective.",
            "short",
        ),
        Query(f"max({then.fact('restorable_newest_chain_length')})", "backups"),
        Query(f"max({then.fact('backup_objective_chain_length')})", "objective"),
        scheme=fixed(BLUE),
    ).override_by_name("objective", DASHED)


def _durations(then: Fleet) -> timeseries.Panel:
    by_status = then.fact("backup_newest_duration_seconds", "status")
    panel = curves(
        Words(
            "Durations",
            "How long the newest backup of each status took, and how long the running one has been running."
            " The dashed line is the objective.",
            MINUTES,
        ),
        Query(f"max by (status) ({by_status}) / 60", "{{status}}"),
        Query(f"max({then.running}) / 60", "running"),
        Query(f"max({then.fact('backup_objective_duration_seconds')}) / 60", "objective"),
        scheme=fixed(GREY),
    )
    for name, color in {"COMPLETED": GREEN, "FAILED": RED, "running": BLUE}.items():
        panel = panel.override_by_name(name, coloured(color))
    return panel.override_by_name("objective", DASHED)


def _sizes(then: Fleet) -> timeseries.Panel:
    size = then.fact("restorable_newest_full_size_bytes")
    return curves(
        Words(
            "Newest full backup's size",
            "Compared with the median of the last 14 days; less than half of it is suspicious.",
            "decbytes",
        ),
        Query(f"max({size})", "newest full"),
        Query(f"max(quantile_over_time(0.5, {size}[14d:1h]))", "median of 14 days"),
        scheme=fixed(BLUE),
    ).override_by_name("median of 14 days", [DASH, *coloured(GREY), UNFILLED])
