"""The dashboard of one database: whether it can be restored, its history, and its backups."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from dashboards.source.frame import INSTANCE, OVERVIEW, About, alerts, database_variable, frame
from dashboards.source.overview import COLOURS, NONE_IS_GOOD
from dashboards.source.panels import GREEN, ORANGE, RED, Grid, Query, Words, curves, tile, timeline
from dashboards.source.queries import Fleet

ONE: Final = Fleet(',instance_id="$database"')
ABOUT: Final = About(
    INSTANCE,
    "One database: can it be restored?",
    "One ByCloud database: whether it can be restored, to what point in time, and its history.",
    (OVERVIEW, "All databases"),
)
DASHED: Final = [
    dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
    dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": RED}),
    dashboard.DynamicConfigValue("custom.fillOpacity", 0),
]
RECOVERABILITY: Final = {
    0: ("restorable", GREEN),
    1: ("broken chain", RED),
    2: ("nothing to restore", "dark-red"),
}


def instance() -> builders.Dashboard:
    """Return the whole dashboard."""
    made = frame(ABOUT).with_variable(database_variable()).annotation(alerts(',instance_id="$database"'))
    grid = Grid(made)
    _tiles(grid)
    _recovery(grid)
    _backups(grid)
    return made


def _tiles(grid: Grid) -> None:
    grid.place(
        4,
        tile(
            Words("Newest restorable", "Age of the newest backup that can be restored.", "s", "no backup"),
            f"max({ONE.age})",
            ((None, "blue"),),
            decimals=1,
        ),
        tile(
            Words(
                "Of its objective",
                "That age as a share of the objective; red above 100 %.",
                "percentunit",
                "no objective, or no backup",
            ),
            f"max({ONE.age} / {ONE.objective})",
            ((None, GREEN), (1, RED)),
        ),
        tile(
            Words("Restorable backups", "Number of backups that can be restored.", "short"),
            f"max({ONE.restorable})",
            ((None, RED), (1, GREEN)),
        ),
        tile(
            Words("Broken chains", "Complete backups that cannot be restored.", "short"),
            f"max({ONE.broken})",
            NONE_IS_GOOD,
        ),
        tile(
            Words("Last attempt", "Result of the newest finished backup.", "short", "none yet"),
            f"max({ONE.fact('backup_last_attempt_failed')})",
            NONE_IS_GOOD,
            named={0: ("ok", GREEN), 1: ("failed", RED)},
        ),
        tile(
            Words(
                "Chain to restore",
                "Number of backups that restoring the newest one reads; 1 means a full backup.",
                "short",
            ),
            f"max({ONE.fact('restorable_newest_chain_length')})",
            ((None, "blue"),),
        ),
    )


def _recovery(grid: Grid) -> None:
    grid.place(
        8,
        curves(
            Words(
                "Age of the newest restorable backup",
                "It falls with each good backup and grows in between. The dashed line is the objective.",
                "s",
            ),
            Query(f"max({ONE.age})", "age"),
            Query(f"max({ONE.objective})", "objective"),
        ).override_by_name("objective", DASHED),
    )
    ended = {0: ("ok", GREEN), 1: ("failed", RED)}
    grid.place(
        5,
        timeline(
            Words(
                "Recoverability",
                "Whether every completed backup can be restored. A broken chain is red here even if older"
                " backups keep the age within the objective.",
                "short",
            ),
            RECOVERABILITY,
            Query(f"max(({ONE.broken} > bool 0) + 2 * ({ONE.restorable} == bool 0))", "chains"),
        ),
        timeline(
            Words("Last attempt", "Result of the newest finished backup at each point in time.", "short"),
            ended,
            Query(f"max({ONE.fact('backup_last_attempt_failed')})", "attempt"),
        ),
    )


def _backups(grid: Grid) -> None:
    count = curves(
        Words("Backups by status", "Number of this database's backups that the API lists.", "short"),
        Query(f"sum by (status) ({ONE.backups('backups')})", "{{status}}"),
        stacked=True,
    )
    for name, color in COLOURS.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        count = count.override_by_name(name, [dashboard.DynamicConfigValue("color", fixed)])
    size = ONE.fact("restorable_newest_full_size_bytes")
    grid.place(
        8,
        count,
        curves(
            Words(
                "Newest full backup's size",
                "Compared with the median of the last 14 days; less than half of it is suspicious.",
                "bytes",
            ),
            Query(f"max({size})", "newest full"),
            Query(f"max(quantile_over_time(0.5, {size}[14d:1h]))", "median of 14 days"),
        ).override_by_name("median of 14 days", _dashed(ORANGE)),
    )
    grid.place(
        8,
        curves(
            Words(
                "Duration of the newest",
                "How long the newest backup of each status took. The dashed line is the objective.",
                "s",
            ),
            Query(f"max by (status) ({ONE.backups('backup_newest_duration_seconds')})", "{{status}}"),
            Query(f"max({ONE.fact('backup_objective_duration_seconds')})", "objective"),
        )
        .override_by_name("objective", DASHED)
        .override_by_name("COMPLETED", _colour(GREEN))
        .override_by_name("FAILED", _colour(RED)),
        curves(
            Words(
                "Chain length",
                "Number of backups that restoring the newest one would have read; 1 means a full backup.",
                "short",
            ),
            Query(f"max({ONE.fact('restorable_newest_chain_length')})", "backups"),
        ),
    )


def _colour(color: str) -> list[dashboard.DynamicConfigValue]:
    return [dashboard.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})]


def _dashed(color: str) -> list[dashboard.DynamicConfigValue]:
    return [DASHED[0], *_colour(color), DASHED[2]]
