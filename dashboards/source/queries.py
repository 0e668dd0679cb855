"""PromQL about targets that the dashboards share: each fact once, however many replicas serve it."""

from typing import Final

TARGET: Final = ("cluster", "namespace", "job", "target")
"""The labels that identify a target."""
DATABASE: Final = (*TARGET, "instance_id")
"""The labels that identify a database."""
CHOSEN: Final = ",".join(f'{label}=~"${label}"' for label in TARGET)
"""The matchers for the dashboard's variables: for what a query shows, not for what it is joined with."""
MEMORY: Final = "1d"
"""How long an outage may last before the last known facts are forgotten."""
BRIDGE: Final = "11m"
"""Holds the last scrape where scrapes are ten minutes apart."""
WEEK: Final = "7d"
"""How long a job counts as the exporter's, and for how long data has an age."""
SPARSE: Final = "31m"
"""A grid that hits scrapes which are ten minutes apart, whenever they are: it moves by a minute each time."""
BY_TARGET: Final = ", ".join(TARGET)
BY_DATABASE: Final = ", ".join(DATABASE)


def now(name: str, *labels: str, where: str = "") -> str:
    """Return what is served now, by target and `labels`: the largest value of the replicas.

    :param where: further matchers, each with a comma before it.
    """
    return f"max by ({', '.join((*TARGET, *labels))}) ({bridged(f'{name}{{{CHOSEN}{where}}}')})"


def bridged(selector: str) -> str:
    """Return what is served now: where scrapes are ten minutes apart, the last one counts."""
    return f"{selector} or last_over_time({selector}[{BRIDGE}]) unless on ({BY_TARGET}) (up or bycloud_up)"


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


def in_a_week(selector: str) -> str:
    """Return the series that had a sample within a week."""
    return f"max_over_time({selector}[{WEEK}:{SPARSE}])"


RESTORABLE: Final = "bycloud_database_restorable_backups"
"""Every database has it."""
SERVED: Final = "bycloud_scrape_backups"
"""A target that has it serves the facts of a complete walk."""
SOON_LOST: Final = 240
"""The age in seconds at which the last sample is no longer seen a minute later."""
LOST_JOBS: Final = (
    f"count by (job) (last_over_time({SERVED}{{{CHOSEN}}}[{MEMORY}])"
    f" unless on ({BY_TARGET}) time() - timestamp({SERVED}) < {SOON_LOST}"
    f' or label_replace(vector(1), "job", "none", "", ""))'
)
"""The jobs of targets that serve nothing now and did so within a day, and `none`: the values of `lost`."""
LOST: Final = 'job=~"$lost"'
"""The matcher of what is remembered: that costs many times what it costs to read what is served."""
_UP: Final = f"(bycloud_up or last_over_time(bycloud_up[{BRIDGE}]))"
_JOB: Final = "on (cluster, namespace, job)"
_HAD: Final = f"last_over_time({RESTORABLE}[{MEMORY}])"
_LOST: Final = f"{_HAD} unless on (instance_id) {RESTORABLE}"
"""The databases that no target serves any more."""
_GONE: Final = f"unless {_JOB} ({_UP} or up)"
"""Selects what Prometheus no longer scrapes."""
KEPT: Final = f"({_UP} or up == 0 or {_LOST} {_GONE})"
"""Those of `TARGETS` that had facts within a day: it needs no more to tell that they are the exporter's."""
_JOBS: Final = f"({in_a_week('bycloud_up')} or last_over_time(bycloud_up[{MEMORY}]))"
_NAMED: Final = f'up{{{CHOSEN},job=~".*bycloud.*"}} == 0'
"""Scrapes that fail of a job whose name says that it is the exporter's: it may never have served anything."""
_PRESENT: Final = (
    f"bycloud_up{{{CHOSEN}}} or last_over_time(bycloud_up{{{CHOSEN}}}[{BRIDGE}])"
    f" or up{{{CHOSEN}}} == 0 and {_JOB} {_JOBS}"
    f" or {_NAMED} unless {_JOB} ({_JOBS} or {in_a_week('bycloud_exporter_build_info')})"
    f" or last_over_time(bycloud_up{{{CHOSEN}}}[{MEMORY}]) {_GONE}"
    f" unless on ({BY_TARGET}) ({_HAD} unless on ({BY_TARGET}) ({_LOST}))"
)
TARGETS: Final = f"(max by ({BY_TARGET}) ({_PRESENT}) ^ 0)"
"""1 for every target: it serves bycloud_up, its scrapes fail, or Prometheus has lost its job within a day.

A job that was renamed, or moved elsewhere, is not lost: other targets serve its databases.
"""
READ: Final = f"(max by ({BY_TARGET}) ({_UP} unless on ({BY_TARGET}, instance) up == 0) == 1)"
"""1 for every target whose last walk was complete; of all targets that Prometheus has."""
_NONE: Final = f"0 * max by ({BY_TARGET}) (up or last_over_time(bycloud_up[{MEMORY}]))"
"""0 for every one of `TARGETS`, and for other programs."""
UNSEEN: Final = f"(1 - ({READ} or {_NONE}))"
"""1 for every target that is not read now, else 0: for what belongs to a target already."""
FAILING: Final = f"({TARGETS} unless on ({BY_TARGET}) {READ})"
"""1 for every target whose last walk failed, that has never been read, or that cannot be scraped.

The facts of such a target, if there are any, are the last known ones.
"""
FAILING_COUNT: Final = f"sum({TARGETS} * on ({BY_TARGET}) {UNSEEN})"
OUTAGE: Final = f"max({TARGETS} * on ({BY_TARGET}) {UNSEEN})"
"""1 if a target is not read now, else 0."""
NEVER_READ: Final = 1e9
"""The smallest age in seconds that is the time since 1970."""
SUCCESS: Final = last("bycloud_last_success_timestamp_seconds", WEEK)
DATA_AGE: Final = f"clamp_min(time() * {TARGETS} - on ({BY_TARGET}) ({SUCCESS} or {_NONE}), 0)"
"""The age of each target's data; of a target that has never been read the time since 1970."""
WALK_INTERVAL: Final = f"({last('bycloud_scrape_walk_interval_seconds', WEEK)} or {_NONE})"
"""The time between walks, or 0: how old a target's data may become before the next walk is due."""
