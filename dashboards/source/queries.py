"""PromQL about targets that the dashboards share: each fact once, however many replicas serve it."""

from collections.abc import Callable
from typing import Final

TARGET: Final = ("cluster", "namespace", "job", "target")
"""The labels that identify a target."""
DATABASE: Final = (*TARGET, "instance_id")
"""The labels that identify a database."""
CHOSEN: Final = ",".join(f'{label}=~"${label}"' for label in TARGET)
"""The matchers for the dashboard's variables, which every selector has."""
MEMORY: Final = "1d"
"""How long an outage may last before the last known facts are forgotten."""
BRIDGE: Final = "11m"
"""Holds the last scrape where scrapes are ten minutes apart."""
WEEK: Final = "7d"
"""How long a job counts as the exporter's, and for how long data has an age."""
SPARSE: Final = "31m"
"""A grid that hits scrapes which are ten minutes apart, whenever they are: it moves by a minute each time."""
HOURLY: Final = "1h"
"""For most facts: a finer grid makes the queries several times as expensive."""
OFTEN: Final = "5m"
"""For the few facts that come and go."""
BY_TARGET: Final = ", ".join(TARGET)
BY_DATABASE: Final = ", ".join(DATABASE)
Reader = Callable[..., str]
"""`now` or `known`."""


def now(name: str, *labels: str, where: str = "", grid: str = "") -> str:  # noqa: ARG001
    """Return what is served now, by target and `labels`: the largest value of the replicas.

    Where scrapes are ten minutes apart, instant selectors often see nothing: then the last scrape counts.

    :param where: further matchers, each with a comma before it.
    """
    served = f"{name}{{{CHOSEN}{where}}}"
    bridged = f"last_over_time({served}[{BRIDGE}]) unless on ({BY_TARGET}) ({_VISIBLE})"
    return f"max by ({_by(labels)}) ({served} or {bridged})"


def known(name: str, *labels: str, where: str = "", grid: str = HOURLY) -> str:
    """Return what is served now; for one of `TARGETS` that serves no facts, its last ones.

    A series that ended before that is no fact, although its last value is still at hand. Presence is compared
    at the last time of a grid at which the target served facts.
    """
    served = f"{name}{{{CHOSEN}{where}}}"
    before = (
        f"last_over_time({served}[{MEMORY}]) and {_seen(served, grid)}"
        f" == on ({BY_TARGET}) group_left () max by ({BY_TARGET}) ({_seen(_SERVED, grid)})"
        f" unless on ({BY_TARGET}) {_SERVED} and on ({BY_TARGET}) ({_KEPT})"
    )
    return f"max by ({_by(labels)}) ({served} or {before})"


def _seen(selector: str, grid: str) -> str:
    """Return the last time of the grid at which a series had a sample."""
    return f"max_over_time((0 * last_over_time({selector}[{BRIDGE}]) + time())[{MEMORY}:{grid}])"


def last(name: str, memory: str = MEMORY) -> str:
    """Return the last value by target, for what never ends."""
    return f"max by ({BY_TARGET}) (last_over_time({name}{{{CHOSEN}}}[{memory}]))"


def placed(expression: str) -> str:
    """Add the label `place`, which names a target: those of its labels that are not empty."""
    joined = f'label_join({expression}, "place", "/", "cluster", "namespace", "job", "target")'
    trimmed = f'label_replace({joined}, "place", "$1", "place", "/*(.*?)/*")'
    return f'label_replace({trimmed}, "place", "$1/$2", "place", "(.+?)//+(.+)")'


def linked(expression: str) -> str:
    """Add the labels `to_…` with what a link to the target selects: a label that is empty selects `All`."""
    for label in LINKED:
        every = f'label_replace({expression}, "to_{label}", "All", "{label}", "")'
        expression = f'label_replace({every}, "to_{label}", "$1", "{label}", "(.+)")'
    return expression


LINKED: Final = ("cluster", "namespace", "target")
"""The labels that a target may lack."""


def _by(labels: tuple[str, ...]) -> str:
    return ", ".join((*TARGET, *labels))


_SERVED: Final = f"bycloud_scrape_backups{{{CHOSEN}}}"
"""A target that has it serves the facts of a complete walk."""
_VISIBLE: Final = f"up{{{CHOSEN}}} or bycloud_up{{{CHOSEN}}}"
_UP: Final = f"(bycloud_up{{{CHOSEN}}} or last_over_time(bycloud_up{{{CHOSEN}}}[{BRIDGE}]))"
_DOWN: Final = f"up{{{CHOSEN}}} == 0"
_OK: Final = f"max by ({BY_TARGET}) ({_UP} unless on ({BY_TARGET}, instance) {_DOWN}) == 1"
_BEFORE: Final = f"last_over_time(bycloud_up{{{CHOSEN}}}[{MEMORY}])"
_JOB: Final = "on (cluster, namespace, job)"


def in_a_week(name: str, where: str = CHOSEN) -> str:
    """Return the series that had a sample within a week."""
    return f"max_over_time({name}{{{where}}}[{WEEK}:{SPARSE}])"


_JOBS: Final = f"({in_a_week('bycloud_up')} or {_BEFORE})"
_NAMED: Final = f'up{{{CHOSEN},job=~".*bycloud.*"}} == 0'
"""Scrapes that fail of a job whose name says that it is the exporter's: it may never have served anything."""
_DATABASES: Final = f"max by ({BY_DATABASE}) (bycloud_database_restorable_backups{{{CHOSEN}}})"
_HAD: Final = f"max_over_time({_DATABASES}[{MEMORY}:1h])"
_LOST: Final = f"{_HAD} unless on (instance_id) {_DATABASES}"
"""The databases that no target serves any more."""
_MOVED: Final = f"({_HAD} unless on ({BY_TARGET}) ({_LOST}))"
"""The databases of targets of which others serve every database by now."""
_SCRAPED: Final = f"({_UP} or up{{{CHOSEN}}})"
_KEPT: Final = f"{_UP} or {_DOWN} or {_LOST} unless {_JOB} {_SCRAPED}"
"""Those of `TARGETS` that had facts within a day: it needs no more to tell that they are the exporter's."""
_PRESENT: Final = (
    f"{_UP} or {_DOWN} and {_JOB} {_JOBS}"
    f" or {_NAMED} unless {_JOB} ({_JOBS} or {in_a_week('bycloud_exporter_build_info')})"
    f" or {_BEFORE} unless {_JOB} {_SCRAPED} unless on ({BY_TARGET}) {_MOVED}"
)

TARGETS: Final = f"(max by ({BY_TARGET}) ({_PRESENT}) ^ 0)"
"""1 for every target: it serves bycloud_up, its scrapes fail, or Prometheus has lost its job within a day.

A job that was renamed, or moved elsewhere, is not lost: other targets serve its databases.
"""
FAILING: Final = f"({TARGETS} unless on ({BY_TARGET}) {_OK})"
"""1 for every target whose last walk failed, that has never been read, or that cannot be scraped."""
UNSEEN: Final = FAILING
"""The same: the facts of such a target, if there are any, are the last known ones."""
OUTAGE: Final = f"(count({UNSEEN}) ^ 0 or 0 * count({TARGETS}))"
"""1 if a target is not read now, else 0."""
NEVER_READ: Final = 1e9
"""The smallest age in seconds that is the time since 1970."""
DATA_AGE: Final = (
    f"(clamp_min(time() - {last('bycloud_last_success_timestamp_seconds', WEEK)}, 0) and {TARGETS}"
    f" or time() * {TARGETS})"
)
"""The age of each target's data; of a target that has never been read the time since 1970."""
LATE: Final = (
    f"({DATA_AGE} - ({last('bycloud_scrape_walk_interval_seconds', WEEK)} and {TARGETS} or 0 * {TARGETS}))"
)
"""The same less the time between walks: how long the next walk has been due."""
