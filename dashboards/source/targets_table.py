"""The table of all targets: whether each is read, why not, and what its last walk found."""

from typing import Final

from grafana_foundation_sdk.builders import table

from dashboards.source.databases_table import LONG
from dashboards.source.panels import Words
from dashboards.source.queries import (
    BY_TARGET,
    CHOSEN,
    DATA_AGE,
    FAILING,
    NEVER_READ,
    SUCCESS,
    TARGETS,
    UNSEEN,
    last,
    now,
    placed,
)
from dashboards.source.tables import COLOURED, Column, listing, mapped
from dashboards.source.values import GREEN, ORANGE, RED, states

STATE: Final = (
    f"0 * ({TARGETS} unless on ({BY_TARGET}) {SUCCESS}) + 2 or {TARGETS} * on ({BY_TARGET}) {UNSEEN}"
)
STATES: Final = {2: ("never read", RED), 1: ("failing", RED), 0: ("OK", GREEN)}
REASON: Final = now("bycloud_scrape_failure", "reason")
LISTED: Final = now("bycloud_scrape_collector_success", where=',collector="instances"')
LISTING: Final = {1: ("OK", "text"), 0: ("failing", ORANGE)}
YES: Final = {1: ("yes", ORANGE), 0: ("no", "text")}


def targets_table() -> table.Panel:
    """Return the table of all targets, the worst first."""
    return listing(
        Words(
            "Targets",
            "Every target that Prometheus knows. *Failing*: its last walk failed, or its exporter cannot be"
            " scraped. The numbers are those of the last complete walk, at *As of*. *Instances*: whether the"
            " API's list of database instances was read; empty where the exporter does not ask for it.",
            "short",
            "-",
        ),
        {
            "A": placed(TARGETS),
            "B": STATE,
            "C": f"topk by ({BY_TARGET}) (1, {REASON} == 1) and on ({BY_TARGET}) {FAILING}",
            "D": f"1000 * {SUCCESS}",
            "E": f"{DATA_AGE} < {NEVER_READ:g}",
            "F": last("bycloud_scrape_duration_seconds"),
            "G": last("bycloud_scrape_walk_interval_seconds"),
            "H": now("bycloud_scrape_deferred"),
            "I": last("bycloud_scrape_backups"),
            "J": last("bycloud_scrape_reported_backups"),
            "K": last("bycloud_scrape_malformed_backups"),
            "L": last("bycloud_scrape_unknown_status_backups"),
            "M": f"count by ({BY_TARGET}) (bycloud_up{{{CHOSEN}}})",
            "N": LISTED,
        },
        _columns(),
        ("State", "Age of data"),
        ("place",),
    )


def _columns() -> list[Column]:
    one_is_bad = {
        "mode": "absolute",
        "steps": [{"color": "text", "value": None}, {"color": ORANGE, "value": 1}],
    }
    bad = {"thresholds": one_is_bad, **COLOURED}
    long = {"decimals": 0}
    return [
        Column(field="Value #B", name="State", width=100, more=mapped(states(STATES))),
        Column(field="place", name="Target"),
        Column(field="reason", name="Why", width=120),
        Column(field="Value #D", name="As of", unit="dateTimeAsLocalNoDateIfToday", width=160),
        Column(field="Value #E", name="Age of data", unit=LONG, width=130, more=long),
        Column(field="Value #F", name="Last walk", unit="s", width=90, more={"decimals": 1}),
        Column(field="Value #G", name="Walks every", unit=LONG, width=110, more=long),
        Column(field="Value #H", name="Deferred", width=90, more=mapped(states(YES))),
        Column(field="Value #I", name="Backups", width=90),
        Column(field="Value #J", name="Reported", width=90),
        Column(field="Value #K", name="Malformed", width=90, more=bad),
        Column(field="Value #L", name="Unknown status", width=120, more=bad),
        Column(field="Value #N", name="Instances", width=90, more=mapped(states(LISTING))),
        Column(field="Value #M", name="Replicas", width=90),
        *(
            Column(field=field)
            for field in ("Time", "cluster", "namespace", "job", "target", "Value #A", "Value #C")
        ),
    ]
