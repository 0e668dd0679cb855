"""The table of firing alerts."""

from typing import Final

from grafana_foundation_sdk.builders import table

from alerts.source.groups import groups
from alerts.source.settings import Settings
from alerts.source.table import Alert
from dashboards.source.databases_table import TO_DATABASE
from dashboards.source.known import known
from dashboards.source.panels import Words
from dashboards.source.queries import BY_DATABASE, CHOSEN, linked, placed
from dashboards.source.tables import Column, link, listing, mapped
from dashboards.source.values import BLUE, ORANGE, RED, states
from exporter.durations import parse_duration

LATE: Final = 300
"""Seconds by which an evaluation may be late."""
SEVERITIES: Final = {3: ("critical", RED), 2: ("warning", ORANGE), 1: ("info", BLUE)}
LABELS: Final = f"{BY_DATABASE}, alertname, severity, team"
EMPTY: Final = {"noValue": "-"}
"""An alert of a target has no database; the panel's own text is about the whole table."""
SLOW: Final = {
    f"{parse_duration(group.interval) + LATE:.0f}s": "|".join(
        sorted({rule.name for rule in group.rules if isinstance(rule, Alert)})
    )
    for group in groups(Settings())
    if group.interval
}
"""The alerts of groups with fewer evaluations than Prometheus looks back for: their names by window."""
OF_DATABASE: Final = ("instance_name", "team", "place")
"""What the dashboard of one database says elsewhere."""


def alerts_table(settings: Settings, database: str = "") -> table.Panel:
    """Return the table of all firing alerts, or those of a database.

    :param database: further matchers, each with a comma before it.
    """
    return listing(
        Words(
            "Firing alerts",
            "Alerts of the project's rules that fire, with the time at which each one's condition began."
            " The alert's name links to its runbook.",
            "short",
            "no alert is firing, or no rules are loaded",
        ),
        {"A": _named(firing(database)), "B": _severity(database)},
        [column for column in _columns(settings.runbooks) if not (database and column.field in OF_DATABASE)]
        + [Column(field=field) for field in OF_DATABASE if database],
        ("Severity", "Since"),
        ("alertname",),
    )


def _named(found: str) -> str:
    named = (
        f"{found} * on ({BY_DATABASE}) group_left (instance_name) {known(lambda fleet: fleet.names)}"
        f" or {found} unless on ({BY_DATABASE}) {known(lambda fleet: fleet.restorable)}"
    )
    return linked(placed(f"1000 * max by ({LABELS}, instance_name) ({named})"))


def _severity(database: str) -> str:
    """Return how urgent each alert is: a number by which rows are sorted."""
    chosen = {rank: f'{database},severity="{name}"' for rank, (name, _) in SEVERITIES.items()}
    ranks = (f"0 * {firing(matchers)} + {rank}" for rank, matchers in chosen.items())
    return f"max by ({LABELS}) ({' or '.join(ranks)})"


def _columns(runbooks: str) -> list[Column]:
    runbook = link("Runbook", f"{runbooks}${{__value.raw}}.md", new_tab=True)
    hidden = ("Time", "severity", "cluster", "namespace", "job", "target", "instance_id")
    linked = ("to_cluster", "to_namespace", "to_target")
    return [
        Column(field="Value #B", name="Severity", width=90, more=mapped(states(SEVERITIES))),
        Column(field="alertname", name="Alert", width=260, more=runbook),
        Column(field="instance_name", name="Database", more={"links": [TO_DATABASE], **EMPTY}),
        Column(field="team", name="Team", width=140, more=EMPTY),
        Column(field="place", name="Target", more=EMPTY),
        Column(field="Value #A", name="Since", unit="dateTimeFromNow", width=160),
        *(Column(field=field) for field in (*hidden, *linked)),
    ]


def firing(database: str = "") -> str:
    """Return the firing alerts of the selected teams and of all targets, which have no team.

    The value is when their condition began.

    :param database: further matchers, each with a comma before it.
    """
    of_team, of_target = 'team=~"$team"', 'team="",instance_id=""'
    return f"({_started(of_team + database)} or {_started(of_target + database)})"


def _started(where: str) -> str:
    chosen = f"{CHOSEN},{where}"
    firing = _latest("ALERTS", f'alertstate="firing",{chosen}')
    return f"(({_latest('ALERTS_FOR_STATE', chosen)}) and ignoring (alertstate) ({firing}))"


def _latest(series: str, matchers: str) -> str:
    """Return what the last evaluation of each alert's group wrote.

    An alert that ended is shown until the next evaluation should be over.
    """
    slow = (
        f'last_over_time({series}{{alertname=~"{names}",{matchers}}}[{window}])'
        for window, names in SLOW.items()
    )
    return " or ".join((f'{series}{{alertname=~"ByCloud.+",{matchers}}}', *slow))
