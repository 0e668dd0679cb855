"""The tables of capacity: teams, and the largest databases."""

from typing import Final

from grafana_foundation_sdk.builders import table

from dashboards.source.compliance_table import EXPORT, HIDDEN
from dashboards.source.databases_table import TO_DATABASE
from dashboards.source.fleet import NOW
from dashboards.source.known import identities, known
from dashboards.source.panels import Words
from dashboards.source.queries import BY_DATABASE, BY_TARGET
from dashboards.source.stored import (
    DAY,
    GIGABYTE,
    by_team,
    growth,
    owned,
    stored_by_database,
    unowned,
)
from dashboards.source.tables import Column, listing
from dashboards.source.values import HOURS, MINUTES

FULL: Final = "newest_full_size_bytes"
DURATION: Final = "backup_newest_duration_seconds"
COMPLETED: Final = ',status=~"$completed"'
FULL_TIME: Final = "newest_full_timestamp_seconds"


def teams_table() -> table.Panel:
    """Return the table of teams, the one that stores most first."""
    size = by_team(known(owned))
    queries = {
        "A": size,
        "B": f"{growth(by_team(owned(NOW), f'{BY_TARGET}, team'), 'team')} * {30 * DAY}",
        "C": f"{size} / {GIGABYTE} * $price",
    }
    columns = [
        Column(field="team", name="Team"),
        Column(field="Value #A", name="Stored", unit="decbytes", width=120, more={"decimals": 1}),
        Column(field="Value #B", name="Growth in 30 days", unit="decbytes", width=150, more={"decimals": 1}),
        Column(field="Value #C", name="Cost per month", unit="locale", width=130, more={"decimals": 2}),
        Column(field="Time"),
    ]
    text = (
        "What each team stores, by how much it grows, and what it costs at the price at the top. Databases"
        " without a team are *no team*, as are backups without a database."
    )
    return listing(Words("Teams", text + EXPORT, "short", "-"), queries, columns, ("Stored",), ("Value #A",))


def fulls_table() -> table.Panel:
    """Return the table of databases, the one that stores most first."""
    size = known(stored_by_database)
    queries = {
        "A": f"{identities()} or {unowned()}",
        "B": known(lambda fleet: fleet.restore_point(FULL)),
        "C": known(lambda fleet: f"clamp_min(time() - {fleet.restore_point(FULL_TIME)}, 0) / 3600"),
        "D": size,
        "E": known(lambda fleet: f"sum by ({fleet.by}) ({fleet.fact('backups', 'status')})"),
        "F": f"{growth(stored_by_database(NOW), BY_DATABASE)} * {30 * DAY}",
        "G": f"{NOW.fact(DURATION, where=COMPLETED)} / 60",
        "H": f"{size} / {GIGABYTE} * $price",
    }
    text = (
        "The newest full backup of each database, and what all of its backups store and cost. Backups that"
        " the API lists without a database are in one row for each target."
    )
    words = Words("Databases and their newest full backups", text + EXPORT, "short", "-")
    return listing(words, queries, _columns(), ("Stored",), ("instance_name", "Value #D"))


def _columns() -> list[Column]:
    return [
        Column(field="instance_name", name="Database", more={"links": [TO_DATABASE]}),
        Column(field="team", name="Team", width=100),
        Column(field="datastore_type", name="Datastore", width=100),
        Column(field="place", name="Target"),
        Column(field="Value #B", name="Newest full", unit="decbytes", width=120, more={"decimals": 1}),
        Column(field="Value #C", name="Its age", unit=HOURS, width=90, more={"decimals": 1}),
        Column(field="Value #E", name="Backups", width=80),
        Column(field="Value #D", name="Stored", unit="decbytes", width=120, more={"decimals": 1}),
        Column(field="Value #F", name="Growth in 30 days", unit="decbytes", width=140, more={"decimals": 1}),
        Column(field="Value #G", name="Newest took", unit=MINUTES, width=110, more={"decimals": 0}),
        Column(field="Value #H", name="Cost per month", unit="locale", width=120, more={"decimals": 2}),
        *(Column(field=field) for field in (*HIDDEN, "Value #A", "instance_id")),
    ]
