"""The table of all databases, worst first."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import table

from dashboards.source.fleet import NO_OBJECTIVE, OK, PROBLEMS, WAS_OK
from dashboards.source.frame import INSTANCE, RANGE
from dashboards.source.known import identities, known, read_at
from dashboards.source.panels import Words
from dashboards.source.queries import NEVER_READ
from dashboards.source.tables import COLOURED, Column, listing, mapped
from dashboards.source.values import (
    BLUE,
    DAYS,
    GREEN,
    GREY,
    HOURS,
    ORANGE,
    RED,
    Ranges,
    State,
    ranges,
    states,
)

SHOW: Final = (
    builders.CustomVariable("show")
    .label("Show")
    .values(", ".join(f"{text} : {state}" for state, text in {0: "all databases", **PROBLEMS}.items()))
)
"""Which databases the table has: those with a problem, or all."""
TO_DATABASE: Final = {
    "title": "This database's dashboard",
    "url": f"/d/{INSTANCE}?${{datasource:queryparam}}&var-cluster=${{__data.fields.to_cluster}}"
    "&var-namespace=${__data.fields.to_namespace}&var-job=${__data.fields.job}&var-target=${__data.fields.to_targe"
    "t"
    "}"
    f"&var-database=${{__data.fields.instance_id}}&{RANGE}",
}
PAGING: Final = (6, 5)
"""The states that page: no backup and too old."""
STATES: Final[Mapping[float, State]] = {
    **{state: (text, RED if state in PAGING else ORANGE) for state, text in PROBLEMS.items()},
    OK: ("OK", GREEN),
    WAS_OK: ("was OK", GREY),
    NO_OBJECTIVE: ("no objective", GREY),
}
LONG: Final = "dtdurations"
HOUR: Final = 3600
DAY: Final = 86400
PLAIN: Final = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
"""No colour, for a column of which only named values have one."""


def databases_table() -> table.Panel:
    """Return the table of the selected databases, the worst first."""
    queries = {
        "A": identities(),
        "B": known(lambda fleet: fleet.state),
        "C": known(lambda fleet: fleet.share),
        "D": known(lambda fleet: f"{fleet.age_or_never} / {HOUR}"),
        "E": known(lambda fleet: f"{fleet.objective} / {HOUR}"),
        "F": known(lambda fleet: f"{fleet.running} / {HOUR}"),
        "G": known(lambda fleet: fleet.attempt),
        "H": known(lambda fleet: fleet.broken),
        "I": known(lambda fleet: f"{fleet.window} / {DAY}"),
        "J": read_at(),
        "K": known(lambda fleet: fleet.shown),
    }
    return listing(
        Words(
            "Databases, worst first",
            "By the worst problem, then by the age of the newest restorable backup as a share of the"
            " objective. During an outage of the API or the exporter these are the last known facts: *As"
            " of* is when the API was last read, and OK is then *was OK*. *Show* at the top selects one"
            " problem.",
            "short",
            "-",
        ),
        queries,
        _columns(),
        ("State", "Of objective"),
        ("instance_name", "Value #K"),
    )


def _columns() -> list[Column]:
    steps = {"mode": "absolute", "steps": [{"color": BLUE, "value": None}, {"color": RED, "value": 1}]}
    gauge = {"type": "gauge", "mode": "basic", "valueDisplayMode": "color"}
    share = {"custom.cellOptions": gauge, "thresholds": steps, "min": 0, "max": 2, "decimals": 0}
    attempt = {0: ("OK", "text"), 1: ("failed", RED)}
    never: Ranges = {(NEVER_READ / HOUR, None): ("no backup", RED)}
    broken = {
        "mode": "absolute",
        "steps": [{"color": "text", "value": None}, {"color": ORANGE, "value": 1}],
    }
    hidden = ("Time", "Value #A", "Value #K", "cluster", "namespace", "job", "target", "instance_id")
    linked = ("to_cluster", "to_namespace", "to_target")
    return [
        Column(field="Value #B", name="State", width=150, more=mapped(states(STATES))),
        Column(field="instance_name", name="Database", more={"links": [TO_DATABASE]}),
        Column(field="team", name="Team", width=90),
        Column(field="datastore_type", name="Datastore", width=90),
        Column(field="place", name="Target"),
        Column(field="Value #D", name="Newest restorable", unit=HOURS, width=135, more=_durations(never)),
        Column(field="Value #E", name="Objective", unit=HOURS, width=85, more=_durations({})),
        Column(field="Value #C", name="Of objective", unit="percentunit", width=130, more=share),
        Column(field="Value #F", name="Running for", unit=HOURS, width=100, more=_durations({})),
        Column(field="Value #G", name="Last attempt", width=95, more=mapped(states(attempt))),
        Column(field="Value #H", name="Broken", width=65, more={"thresholds": broken, **COLOURED}),
        Column(field="Value #I", name="Recovery window", unit=DAYS, width=130, more={"decimals": 0}),
        Column(field="Value #J", name="As of", unit="dateTimeAsLocalNoDateIfToday", width=145),
        *(Column(field=field) for field in (*hidden, *linked)),
    ]


def _durations(named: Ranges) -> Mapping[str, object]:
    return {**(mapped(ranges(named)) if named else {}), "decimals": 1, "thresholds": PLAIN}
