"""The tiles of compliance."""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import stat

from alerts.source.compliance import DAYS, PERIOD_DAYS, RATIO
from dashboards.source.compliance_table import BUDGET_PARTS, MET_PARTS, budget_left
from dashboards.source.panels import Words
from dashboards.source.queries import BY_DATABASE, OUTAGE, TARGETS
from dashboards.source.records import NEEDED, UNCOUNTED, cut, record
from dashboards.source.retention import MET
from dashboards.source.tiles import NONE_IS_GOOD, Tile, tile
from dashboards.source.values import GREEN, GREY, ORANGE, RED

PERIOD: Final = f"{PERIOD_DAYS} days"
MOST_DAYS: Final = 28
"""Fewer covered days are worth a look."""
ENOUGH: Final = 0.25
"""The part of the error budget from which on it is green."""
DATABASES: Final = record(RATIO, BY_DATABASE)
COVERED: Final = record(DAYS, BY_DATABASE)
RATIO_OF_ALL: Final = f"(sum({DATABASES} * {COVERED}) / sum({COVERED}))"
UNKNOWN: Final = " Good is grey while a target is not counted."
NONE_KNOWN: Final = (GREY, {0: "0 known"})
ALL_KNOWN: Final = (GREY, {1: "100 % known"})


def tiles(target: float) -> Iterator[stat.Panel]:
    """Yield all tiles: what would be good is grey while a target has no figures.

    :param target: the share of the time in which databases have to meet their objective.
    """
    yield from _shares(target)
    yield from _counts(target)


def _shares(target: float) -> Iterator[stat.Panel]:
    yield tile(
        Words(
            "Within objective",
            f"The part of the known time of the last {PERIOD} in which restore points were younger than"
            f" `max_age`, never rounded up. The target is {100 * target:g} %." + UNKNOWN,
            "percentunit",
            NEEDED,
        ),
        Tile(steps=((None, RED), (target, GREEN)), decimals=2, second=ALL_KNOWN),
        *_unless_uncounted(cut(RATIO_OF_ALL, MET_PARTS), target),
    )
    yield tile(
        Words(
            "Days covered",
            f"Days of the last {PERIOD} in which it is known whether databases met their objective, as the"
            " mean of the databases. Prometheus keeps 15 days unless it is told otherwise.",
            f"suffix: of {PERIOD_DAYS}",
            NEEDED,
        ),
        Tile(steps=((None, ORANGE), (MOST_DAYS, GREY)), decimals=1),
        f"sum({COVERED}) / count({COVERED})",
    )
    yield tile(
        Words(
            "Error budget left",
            f"The unspent part of the {100 * (1 - target):g} % of the known time that may miss the objective,"
            " never rounded up. Below 0: overspent." + UNKNOWN,
            "percentunit",
            NEEDED,
        ),
        Tile(steps=((None, RED), (0, ORANGE), (ENOUGH, GREEN)), second=ALL_KNOWN),
        *_unless_uncounted(cut(budget_left(RATIO_OF_ALL, target), BUDGET_PARTS), ENOUGH),
    )


def _unless_uncounted(share: str, good: float) -> tuple[str, str]:
    """Return the queries of a share: a good one is the second while a target has no figures."""
    known = f"({share})"
    return (
        f"{known} < {good:g} or {known} unless on () {UNCOUNTED}",
        f"{known} >= {good:g} and on () {UNCOUNTED}",
    )


def _counts(target: float) -> Iterator[stat.Panel]:
    below = f"{DATABASES} < {target:g}"
    short = f"sum(1 - {MET})"
    yield tile(
        Words(
            "Below target",
            f"Databases that met their objective for less than {100 * target:g} % of their known time."
            + UNKNOWN,
            "short",
            NEEDED,
        ),
        Tile(steps=NONE_IS_GOOD, second=NONE_KNOWN),
        f"count({below}) or 0 * count({DATABASES}) unless on () {UNCOUNTED}",
        f"0 * count({DATABASES}) unless on () ({below}) and on () {UNCOUNTED}",
    )
    yield tile(
        Words(
            "Targets not counted",
            "Targets that are not read and have no figures: it is unknown whether their databases meet"
            " their objectives. Red here, and green elsewhere turns grey.",
            "short",
        ),
        Tile(steps=NONE_IS_GOOD),
        f"count({UNCOUNTED}) or 0 * count({TARGETS})",
    )
    yield tile(
        Words(
            "Short retention",
            "Databases whose oldest restore point is younger than `min_retention`. A young database counts"
            " until it is old enough. While a target is not read, 0 is grey, and retention is that of the"
            " last read.",
            "short",
        ),
        Tile(steps=((None, GREEN), (1, ORANGE)), second=NONE_KNOWN),
        f"{short} >= {OUTAGE}",
        f"{short} < {OUTAGE}",
    )
    yield tile(
        Words(
            "Databases",
            "Databases with a `max_age`; others have nothing to meet.",
            "short",
            NEEDED,
        ),
        Tile(),
        f"count({DATABASES})",
    )
