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
HOURLY: Final = "1h"
OFTEN: Final = "5m"
"""For facts that come and go, of which there are few."""
BY_TARGET: Final = ", ".join(TARGET)
BY_DATABASE: Final = ", ".join(DATABASE)
Reader = Callable[..., str]
"""`now` or `known`."""


def now(name: str, *labels: str, where: str = "", grid: str = "") -> str:  # noqa: ARG001
    """Return what is served now, by target and `labels`: the largest value of the replicas.

    :param where: further matchers, each with a comma before it.
    """
    return f"max by ({_by(labels)}) ({name}{{{CHOSEN}{where}}})"


def known(name: str, *labels: str, where: str = "", grid: str = HOURLY) -> str:
    """Return what is served now; for one of `TARGETS` that serves no facts, its last ones.

    A series that ended before that is no fact, although its last value is still at hand. Presence is compared
    at the last time of a grid at which the target served facts: a coarse one costs little.
    """
    served = f"{name}{{{CHOSEN}{where}}}"
    before = (
        f"last_over_time({served}[{MEMORY}]) and {_seen(served, grid)}"
        f" == on ({BY_TARGET}) group_left () max by ({BY_TARGET}) ({_seen(_SERVED, grid)})"
        f" unless on ({BY_TARGET}) {_SERVED} and on ({BY_TARGET}) ({_PRESENT})"
    )
    return f"max by ({_by(labels)}) ({served} or {before})"


def _seen(selector: str, grid: str) -> str:
    """Return the last time of the grid at which a series had a sample."""
    return f"max_over_time((0 * last_over_time({selector}[{BRIDGE}]) + time())[{MEMORY}:{grid}])"


def last(name: str, *labels: str, where: str = "") -> str:
    """Return the last value of the last day by target and `labels`, for what never ends."""
    return f"max by ({_by(labels)}) (last_over_time({name}{{{CHOSEN}{where}}}[{MEMORY}]))"


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
_UP: Final = f"(bycloud_up{{{CHOSEN}}} or last_over_time(bycloud_up{{{CHOSEN}}}[{BRIDGE}]))"
_DOWN: Final = f"up{{{CHOSEN}}} == 0"
_OK: Final = f"max by ({BY_TARGET}) ({_UP} unless on ({BY_TARGET}, instance) {_DOWN}) == 1"
_BEFORE: Final = f"last_over_time(bycloud_up{{{CHOSEN}}}[{MEMORY}])"
_PRESENT: Final = (
    f"{_UP} or {_DOWN} and on (cluster, namespace, job) {_BEFORE}"
    f" or {_BEFORE} unless on (cluster, namespace) {_UP}"
)

TARGETS: Final = f"(max by ({BY_TARGET}) ({_PRESENT}) ^ 0)"
"""1 for every target: it serves bycloud_up, its scrapes fail, or its cluster and namespace have lost all."""
FAILING: Final = f"({TARGETS} unless on ({BY_TARGET}) {_OK})"
"""1 for every target whose last walk failed, that has never been read, or that cannot be scraped."""
UNSEEN: Final = f"({TARGETS} unless on ({BY_TARGET}) ({_SERVED} or {_OK}))"
"""1 for every target whose facts, if there are any, are those of an earlier scrape."""
NEVER_READ: Final = 1e9
"""The smallest age in seconds that is the time since 1970."""
DATA_AGE: Final = (
    f"(clamp_min(time() - {last('bycloud_last_success_timestamp_seconds')}, 0) and {TARGETS}"
    f" or time() * {TARGETS})"
)
"""The age of each target's data; of a target that has never been read the time since 1970."""
