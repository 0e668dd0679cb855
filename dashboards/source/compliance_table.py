"""The tables of compliance, which Grafana exports as CSV."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import table

from alerts.source.compliance import DAYS, RATIO
from dashboards.source.databases_table import TO_DATABASE
from dashboards.source.known import identities, known, read_at
from dashboards.source.panels import Words
from dashboards.source.queries import BY_DATABASE, BY_TARGET, placed
from dashboards.source.records import NEEDED, cut, record
from dashboards.source.retention import STATE, limit, window
from dashboards.source.tables import COLOURED, Column, listing, mapped
from dashboards.source.values import GREEN, GREY, HOURS, ORANGE, RED, Steps, states

HOUR: Final = 3600
DAY: Final = 24 * HOUR
DAYS_UNIT: Final = "suffix: d"
BY_TEAM: Final = f"{BY_TARGET}, team"
EXPORT: Final = " To export it: the panel's menu, Inspect, Data, Download CSV."
MET_PARTS: Final = 10_000
BUDGET_PARTS: Final = 100
"""The decimals of a shown percentage."""
BUDGET: Final[Steps] = ((None, RED), (0, ORANGE), (0.25, GREEN))


def teams_table(target: float) -> table.Panel:
    """Return the table of teams, the one that missed most first.

    :param target: the share of the time in which databases have to meet their objective.
    """
    met, known = (record(name, f"{BY_DATABASE}, team") for name in (RATIO, DAYS))
    ratio = f"(sum by ({BY_TEAM}) ({met} * {known}) / sum by ({BY_TEAM}) ({known}))"
    days = f"avg by ({BY_TEAM}) ({known})"
    queries = {
        "A": placed(f"{ratio} ^ 0"),
        "B": cut(ratio, MET_PARTS),
        "C": cut(budget_left(ratio, target), BUDGET_PARTS),
        "D": f"(1 - {ratio}) * {days} * 24",
        "E": f"count by ({BY_TEAM}) ({known})",
        "F": days,
    }
    columns = [
        Column(field="team", name="Team"),
        Column(field="place", name="Target"),
        Column(field="Value #E", name="Databases", width=90),
        *_figures(target),
        *(Column(field=field) for field in (*HIDDEN, "Value #A")),
    ]
    words = Words(
        "Teams",
        "How much of the known time of the last 30 days each team's databases were within their objective."
        " *Missed* is the mean of the team's databases." + EXPORT,
        "short",
        NEEDED,
    )
    return listing(words, queries, columns, ("Missed",), ("Value #B",))


def compliance_table(target: float) -> table.Panel:
    """Return the table of databases, the one that missed most first.

    :param target: the share of the time in which they have to meet their objective.
    """
    ratio, days = record(RATIO, BY_DATABASE), record(DAYS, BY_DATABASE)
    queries = {
        "A": identities(),
        "B": cut(ratio, MET_PARTS),
        "C": cut(budget_left(ratio, target), BUDGET_PARTS),
        "D": f"(1 - {ratio}) * {days} * 24",
        "E": known(lambda fleet: f"{fleet.objective} / {HOUR}"),
        "F": days,
        "G": known(lambda fleet: f"{limit(fleet)} / {DAY}"),
        "H": known(lambda fleet: f"{window(fleet)} / {DAY}"),
        "I": STATE,
        "J": known(lambda fleet: f"{fleet.restore_point('largest_gap_seconds')} / {HOUR}"),
        "K": known(lambda fleet: f"{fleet.ending('backup_objective_gap_seconds')} / {HOUR}"),
        "L": read_at(),
    }
    words = Words(
        "Databases",
        "How much of the known time of the last 30 days each database was within its objective, whether its"
        " restore points reach back as far as `min_retention`, and the largest gap between them. *As of*"
        " is when the API was last read: in an outage, retention is that of this moment, and met is then"
        " *was met*." + EXPORT,
        "short",
        "-",
    )
    return listing(words, queries, _columns(target), ("Missed",), ("instance_name", "Value #B"))


def budget_left(ratio: str, target: float) -> str:
    """Return the unspent part of the time that may miss the objective.

    :param ratio: the share of the time in which it was met.
    :param target: the share in which it has to be met.
    """
    return f"1 - (1 - {ratio}) / {1 - target:g}"


def _columns(target: float) -> list[Column]:
    met = mapped(states({1.0: ("met", GREEN), 0.5: ("was met", GREY), 0.0: ("too short", ORANGE)}))
    return [
        Column(field="instance_name", name="Database", more={"links": [TO_DATABASE]}),
        Column(field="team", name="Team", width=90),
        Column(field="datastore_type", name="Datastore", width=90),
        Column(field="place", name="Target"),
        Column(field="Value #E", name="Max age", unit=HOURS, width=80),
        *_figures(target),
        Column(field="Value #G", name="Min retention", unit=DAYS_UNIT, width=100),
        Column(field="Value #H", name="Reaches back", unit=DAYS_UNIT, width=108, more={"decimals": 1}),
        Column(field="Value #I", name="Retention", width=90, more=met),
        Column(field="Value #J", name="Largest gap", unit=HOURS, width=90, more={"decimals": 1}),
        Column(field="Value #K", name="Max gap", unit=HOURS, width=80),
        Column(field="Value #L", name="As of", unit="dateTimeAsLocalNoDateIfToday", width=135),
        *(Column(field=field) for field in (*HIDDEN, "Value #A", "instance_id")),
    ]


def _figures(target: float) -> list[Column]:
    met = _coloured(((None, RED), (target, GREEN)), 2)
    return [
        Column(field="Value #B", name="Met", unit="percentunit", width=80, more=met),
        Column(field="Value #F", name="Days covered", width=108, more={"decimals": 1}),
        Column(field="Value #D", name="Missed", unit=HOURS, width=90, more={"decimals": 1}),
        Column(
            field="Value #C", name="Budget left", unit="percentunit", width=100, more=_coloured(BUDGET, 0)
        ),
    ]


HIDDEN: Final = ("Time", "cluster", "namespace", "job", "target", "to_cluster", "to_namespace", "to_target")


def _coloured(steps: Steps, decimals: int) -> Mapping[str, object]:
    colors = [{"color": color, "value": value} for value, color in steps]
    return {"thresholds": {"mode": "absolute", "steps": colors}, "decimals": decimals, **COLOURED}
