"""The tables about one database: what it is, and its objective."""

from collections.abc import Iterator, Mapping
from typing import Final

from grafana_foundation_sdk.builders import table
from msgspec import Struct

from dashboards.source.databases_table import LONG
from dashboards.source.fleet import Fleet
from dashboards.source.panels import GREEN, GREY, RED, Words, states
from dashboards.source.queries import BY_DATABASE, BY_TARGET, TARGETS, UNSEEN
from dashboards.source.tables import Column, listing, mapped

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
        """Return the expression's largest value by target, with the part's name."""
        return f'label_replace(max by ({BY_TARGET}) ({expression}), "part", "{self.name}", "", "")'


def about_table(one: Fleet) -> table.Panel:
    """Return what is known of a database, in one row."""
    info = one.fact("instance_info", "datastore_version", "replica_of")
    return listing(
        Words("Database", "Name, id, datastore, team and target; a replica names its primary.", "short", "-"),
        {"A": one.identities, "B": f"topk by ({BY_DATABASE}) (1, {info})"},
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


def objective_table(one: Fleet) -> table.Panel:
    """Return the parts of a database's objective, and which of them it misses."""
    parts, chain = tuple(_parts(one)), _chain(one)
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
            "A": _all(parts, {part.name: part.limit for part in parts}),
            "B": _all(parts, {part.name: part.value for part in parts}),
            "C": _states((*parts, chain)),
            "D": f"max by (part) ({chain.labelled(chain.limit)})",
            "E": f"max by (part) ({chain.labelled(chain.value)})",
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


def _parts(one: Fleet) -> Iterator[Part]:
    full = one.fact("restorable_newest_full_timestamp_seconds")
    served: Mapping[str, tuple[str, str]] = {
        NEWEST: (one.age, "age"),
        "time of the running one": (one.running, "duration"),
        "largest gap": (one.fact("restorable_largest_gap_seconds"), "gap"),
        NEWEST_FULL: (f"clamp_min(time() - {full}, 0)", "full_age"),
        RETENTION: (one.window, "retention"),
    }
    for name, (value, limit) in served.items():
        yield Part(name, f"({value})", one.fact(f"backup_objective_{limit}_seconds"))


def _chain(one: Fleet) -> Part:
    """Return the part that is a number of backups, not a time."""
    return Part(
        "chain length",
        one.fact("restorable_newest_chain_length"),
        one.fact("backup_objective_chain_length"),
    )


RETENTION: Final = "recovery window"
NEWEST: Final = "age of the newest"
NEWEST_FULL: Final = "age of the newest full one"
EXISTING: Final = (NEWEST, NEWEST_FULL)
"""Parts that require a backup to exist."""


def _states(parts: tuple[Part, ...]) -> str:
    """Return the keys of `MET`: in an outage nothing is OK."""
    missed = " or ".join(part.labelled(_missed(part)) for part in parts)
    unread = f"({UNREAD} * {UNSEEN} or 0 * {TARGETS})"
    return f"max by (part) (({missed}) + on ({BY_TARGET}) group_left () {unread})"


def _missed(part: Part) -> str:
    """Return the key of `MET`; a required backup that does not exist is missed."""
    if part.name == RETENTION:
        return f"2 * ({part.value} < bool {part.limit}) or 0 * {part.limit} + 2"
    if part.name in EXISTING:
        return f"({part.value} > bool {part.limit}) or 0 * {part.limit} + 1"
    return f"({part.value} > bool {part.limit})"


def _all(parts: tuple[Part, ...], expressions: Mapping[str, str]) -> str:
    labelled = " or ".join(part.labelled(expressions[part.name]) for part in parts)
    return f"max by (part) ({labelled})"
