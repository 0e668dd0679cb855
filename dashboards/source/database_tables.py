"""The tables about one database: what it is, and its objective."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from grafana_foundation_sdk.builders import table
from msgspec import Struct

from dashboards.source.databases_table import LONG
from dashboards.source.fleet import Fleet
from dashboards.source.known import identities, known
from dashboards.source.panels import Words
from dashboards.source.queries import BY_TARGET, UNSEEN
from dashboards.source.tables import Column, listing, mapped
from dashboards.source.values import GREEN, GREY, RED, states

UNREAD: Final = 3
"""Added to the key of a part while its target is not read."""
MET: Final = {
    0: ("OK", GREEN),
    1: ("missed", RED),
    2: ("not reached", GREY),
    UNREAD: ("was OK", GREY),
    UNREAD + 1: ("missed", RED),
    UNREAD + 2: ("not reached", GREY),
}
NOT_SHOWN: Final = (
    "Time",
    "cluster",
    "namespace",
    "job",
    "target",
    "to_cluster",
    "to_namespace",
    "to_target",
)


class Part(Struct, frozen=True):
    """A part of an objective: what it is called, the value that it limits, and its limit."""

    name: str
    value: str
    limit: str

    def labelled(self, expression: str) -> str:
        """Return the expression with the part's name."""
        return f'label_replace({expression}, "part", "{self.name}", "", "")'


def about_table(database: str) -> table.Panel:
    """Return what is known of a database, in one row.

    :param database: a matcher that selects it.
    """
    info = known(lambda one: one.described("instance_info", "datastore_version", "replica_of"), database)
    return listing(
        Words("Database", "Name, id, datastore, team and target; a replica names its primary.", "short", "-"),
        {"A": identities(database), "B": info},
        [
            Column(field="instance_name", name="Database"),
            Column(field="instance_id", name="Id", width=330),
            Column(field="datastore_type", name="Datastore"),
            Column(field="datastore_version", name="Version"),
            Column(field="team", name="Team"),
            Column(field="place", name="Target"),
            Column(field="replica_of", name="Replica of"),
            *(Column(field=field) for field in (*NOT_SHOWN, "Value #A", "Value #B")),
        ],
        (),
    )


def objective_table(database: str) -> table.Panel:
    """Return the parts of a database's objective, and which of them it misses.

    :param database: a matcher that selects it.
    """

    def by_part(expression: Callable[[Fleet], str]) -> str:
        return f"max by (part) ({known(expression, database)})"

    unread = f"on ({BY_TARGET}) group_left () ({UNREAD} * {UNSEEN})"
    return listing(
        Words(
            "Objective",
            "What the objective requires, what the database has, and what it misses. A window that is"
            " shorter than its retention is *not reached*: it grows with the database's age, unless backups"
            " are removed too early. *was OK*: the target is not read now.",
            "short",
            "-",
        ),
        {
            "A": by_part(lambda one: _all(part.labelled(part.limit) for part in _parts(one))),
            "B": by_part(lambda one: _all(part.labelled(part.value) for part in _parts(one))),
            "C": f"max by (part) ({known(_states, database)} + {unread})",
            "D": by_part(lambda one: _chain(one).labelled(one.chain_limit)),
            "E": by_part(lambda one: _chain(one).labelled(one.chain_length)),
        },
        [
            Column(field="part", name="Part", width=195),
            Column(field="Value #A", name="Required", unit=LONG, width=140, more={"decimals": 1}),
            Column(field="Value #B", name="Now", unit=LONG, width=180, more={"decimals": 1}),
            Column(field="Value #D", name="Backups allowed", width=135),
            Column(field="Value #E", name="Backups now", width=115),
            Column(field="Value #C", name="State", width=95, more=mapped(states(MET))),
            Column(field="Time"),
        ],
        (),
    )


RETENTION: Final = "recovery window"
NEWEST: Final = "age of the newest"
NEWEST_FULL: Final = "age of the newest full one"
EXISTING: Final = (NEWEST, NEWEST_FULL)
"""Parts that require a backup to exist."""


def _parts(one: Fleet) -> Iterator[Part]:
    full = one.restore_point("newest_full_timestamp_seconds")
    served: Mapping[str, tuple[str, str]] = {
        NEWEST: (one.age, "age"),
        "time of the running one": (one.running, "duration"),
        "largest gap": (one.restore_point("largest_gap_seconds"), "gap"),
        NEWEST_FULL: (f"clamp_min(time() - {full}, 0)", "full_age"),
        RETENTION: (one.window, "retention"),
    }
    for name, (value, limit) in served.items():
        yield Part(name, f"({value})", one.ending(f"backup_objective_{limit}_seconds"))


def _chain(one: Fleet) -> Part:
    """Return the part that is a number of backups, not a time."""
    return Part("chain length", one.chain_length, one.chain_limit)


def _states(one: Fleet) -> str:
    """Return the keys of `MET` while the target is read."""
    return _all(part.labelled(_missed(part, one)) for part in (*_parts(one), _chain(one)))


def _missed(part: Part, one: Fleet) -> str:
    """Return the key of `MET`; a required backup that does not exist is missed."""
    if part.name == RETENTION:
        return f"2 * (({part.value} or 0 * {one.restorable}) < bool {part.limit})"
    if part.name in EXISTING:
        return f"(({part.value} or 0 * {one.restorable} + time()) > bool {part.limit})"
    return f"({part.value} > bool {part.limit})"


def _all(parts: Iterable[str]) -> str:
    return " or ".join(parts)
