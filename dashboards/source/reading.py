"""How facts of databases are read: those that are served now, and those that were served last."""

from typing import Final

from msgspec import Struct

from dashboards.source.queries import (
    BY_DATABASE,
    BY_TARGET,
    KEPT,
    MEMORY,
    RESTORABLE,
    SERVED,
    bridged,
)

GRID: Final = "5m"
"""As far as an instant selector looks back: each scrape is seen, also where they are ten minutes apart."""


class Reading(Struct, frozen=True, kw_only=True):
    """Templates for PromQL.

    :param by: the labels that identify a database.
    :param instant: of a selector: its values at one moment.
    :param series: of a selector: its last values.
    :param labels: the same of a gauge whose labels are the fact: the current ones have the largest value.
    :param ending: of a fact that can end while its database stays, and of all databases.
    :param existing: of a fact that exists exactly while a condition is true.
    """

    by: str = BY_DATABASE
    instant: str = "{0}"
    series: str = "{0}"
    labels: str = "{0}"
    ending: str = "{fact}"
    existing: str = "{fact}"


INSTANT: Final = Reading()
CHARTED: Final = Reading(instant=bridged("{0}"), series=bridged("{0}"), labels=bridged("{0}"))
REMEMBERED: Final = Reading(
    by=f"{BY_DATABASE}, instance",
    series=f"last_over_time({{0}}[{MEMORY}])",
    labels=f"max_over_time(timestamp({{0}})[{MEMORY}:{GRID}])",
    ending=f"(last_over_time(({{fact}} or -{{every}} ^ 0)[{MEMORY}:{GRID}]) >= 0)",
    existing="({fact} and {every} > 0)",
)
"""What each replica served last: -1 stands for a fact that its database did not have any more."""


def last_known(selected: str) -> str:
    """Return the databases of targets that serve nothing now, of the replica that served the target last.

    The others had been deleted before, or were served by a replica that is gone.

    :param selected: the matchers that select databases.
    """
    database, target = (
        f"max_over_time(timestamp({selector})[{MEMORY}:{GRID}])"
        for selector in (f"{RESTORABLE}{{{selected}}}", SERVED)
    )
    return (
        f"({database} == on ({BY_TARGET}) group_left () max by ({BY_TARGET}) ({target})"
        f" unless on ({BY_TARGET}) {SERVED} and on ({BY_TARGET}) {KEPT})"
    )
