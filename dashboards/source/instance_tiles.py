"""The tiles of one database's dashboard."""

from collections.abc import Callable, Iterator
from typing import Final

from grafana_foundation_sdk.builders import stat

from alerts.source.settings import Settings
from dashboards.source.fleet import Fleet
from dashboards.source.known import known
from dashboards.source.panels import Words
from dashboards.source.queries import (
    BY_TARGET,
    NEVER_READ,
    UNSEEN,
    last,
)
from dashboards.source.tiles import Tile, data_age_queries, data_age_tile, tile
from dashboards.source.values import BLUE, GREEN, GREY, HOURS, ORANGE, RED

ONE: Final = 'instance_id="$database"'
LONG: Final = "dtdurations"
HOUR: Final = 3600


def _one(expression: Callable[[Fleet], str]) -> str:
    """Return an expression of what is known of the database."""
    return known(expression, ONE)


def tiles(settings: Settings) -> Iterator[stat.Panel]:
    """Yield all tiles."""
    enough = _one(lambda one: f"{one.restorable} unless {one.no_backup}")
    target = f"and on ({BY_TARGET}) {_one(lambda one: one.restorable)}"
    success = f"{last('bycloud_last_success_timestamp_seconds')} {target}"
    yield _newest()
    yield _of_objective()
    yield _running()
    yield _last_attempt()
    yield tile(
        Words(
            "Restorable",
            "Number of backups that can be restored: red if the objective requires one and there is none.",
            "short",
        ),
        Tile(second=(RED, {})),
        *_worse(f"max({enough})", f"max({_one(lambda one: one.no_backup)})"),
    )
    yield tile(
        Words("Unrestorable", "Completed backups that cannot be restored.", "short"),
        Tile(steps=((None, GREY), (1, ORANGE))),
        f"max({_one(lambda one: f'{one.broken} or 0 * {one.restorable}')})",
    )
    yield _chain()
    yield tile(
        Words(
            "Age of this data",
            "Time since the last complete walk of the API for this database's target.",
            LONG,
        ),
        data_age_tile(""),
        *data_age_queries(settings.stale_seconds, f"clamp_min(time() - ({success}), 0)"),
    )


def _newest() -> stat.Panel:
    return tile(
        Words("Newest restorable", "Age of the newest backup that can be restored.", HOURS),
        Tile(
            named={-1: ("no backup", GREY)},
            ranges={(NEVER_READ / HOUR, None): ("no backup", RED)},
            decimals=1,
        ),
        f"max({_one(lambda one: f'{one.age_or_never} / {HOUR} or 0 * {one.restorable} - 1')})",
    )


def _of_objective() -> stat.Panel:
    """Show the share; without a backup `NEVER_READ`, without an objective -1."""
    share = _one(lambda one: f"{one.share} or 0 * {one.no_backup} + {NEVER_READ:g}")
    none = _one(lambda one: f"0 * {one.restorable} - 1 unless {one.objective}")
    shown = f"on ({BY_TARGET}) group_left () (2 * {UNSEEN} - 1)"
    return tile(
        Words(
            "Of its objective",
            "That age as a share of the objective: red above 100 %, grey if it was good when the API was"
            " last read.",
            "percentunit",
        ),
        Tile(
            steps=((None, GREEN), (1, RED)),
            named={-1: ("no objective", GREY)},
            ranges={(NEVER_READ, None): ("no backup", RED)},
        ),
        f"max({share} > {shown} or {none})",
        f"max({share} <= {shown})",
    )


def _running() -> stat.Panel:
    within = _one(
        lambda one: (
            f"({one.running} unless {one.running_too_long}) / {HOUR}"
            f" or (0 * {one.restorable} - 1 unless {one.running})"
        )
    )
    return tile(
        Words(
            "Running for",
            "Time since the oldest running backup began: red if that is longer than the objective allows.",
            HOURS,
        ),
        Tile(steps=((None, BLUE),), named={-1: ("nothing runs", GREY)}, second=(RED, {}), decimals=1),
        *_worse(f"max({within})", f"max({_one(lambda one: one.running_too_long)}) / {HOUR}"),
    )


def _last_attempt() -> stat.Panel:
    failed, none = (
        _one(expression)
        for expression in (
            lambda one: one.attempt,
            lambda one: f"0 * {one.restorable} - 1 unless {one.attempt}",
        )
    )
    unread = f"on ({BY_TARGET}) group_left () {UNSEEN}"
    return tile(
        Words("Last attempt", "Result of the newest finished backup.", "short"),
        Tile(
            named={0: ("OK", GREEN), 1: ("failed", RED), -1: ("none yet", GREY)},
            second=(GREY, {0: "was OK"}),
        ),
        f"max({failed} >= {unread} or {none})",
        f"max({failed} < {unread})",
    )


def _chain() -> stat.Panel:
    excess = _one(lambda one: f"{one.chain_length} > {one.chain_limit}")
    within = _one(lambda one: f"{one.chain_length} unless {one.chain_length} > {one.chain_limit}")
    return tile(
        Words(
            "Chain to restore",
            "Number of backups that restoring the newest one reads; 1 means a full backup. Red if the"
            " objective allows fewer.",
            "short",
            "none",
        ),
        Tile(second=(RED, {})),
        *_worse(f"max({within})", f"max({excess})"),
    )


def _worse(good: str, bad: str) -> tuple[str, str]:
    """Return two queries, of which the second wins: two targets may list one database."""
    return f"{good} unless on () {bad}", bad
