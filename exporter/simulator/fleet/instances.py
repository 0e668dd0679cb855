"""The databases of the simulated organization, each with what it runs on and what ails it."""

from typing import Literal

from msgspec import Struct

Kind = Literal["healthy", "stale", "failing", "stuck", "broken_chain", "never", "retired", "replica"]


class Member(Struct, frozen=True):
    """One database: `gib` its size, `every` the hours between its backups (24: daily full ones alone)."""

    name: str
    type: str
    version: str
    gib: float
    every: int
    kind: Kind = "healthy"
    replica_of: str | None = None
    story: str = ""


ROSTER = (
    Member("orders-db", "postgresql", "15.4", 182.4, 2),
    Member("ledger-db", "postgresql", "16.2", 96.1, 2),
    Member("identity-db", "postgresql", "15.4", 21.7, 3),
    Member("inventory-db", "postgresql", "15.4", 64.0, 3),
    Member("analytics-warehouse", "postgresql", "16.2", 740.5, 4),
    Member(
        "billing-db",
        "postgresql",
        "15.4",
        58.3,
        3,
        kind="failing",
        story="Every backup has failed for more than a day; the ones before that are fine.",
    ),
    Member(
        "orders-db-replica",
        "postgresql",
        "15.4",
        182.4,
        24,
        kind="replica",
        replica_of="orders-db",
        story="It replicates orders-db and is never backed up itself, which is as it should be.",
    ),
    Member("shop-db", "mysql", "8.0.36", 133.9, 2),
    Member("cms-db", "mysql", "8.0.36", 12.6, 4),
    Member("tickets-db", "mysql", "8.4.0", 33.8, 3),
    Member(
        "wiki-db",
        "mysql",
        "8.0.36",
        7.2,
        3,
        kind="stale",
        story="Its schedule stopped three days ago: nothing failed, there are just no new backups.",
    ),
    Member(
        "legacy-shop-db",
        "mysql",
        "5.7.44",
        88.0,
        4,
        kind="retired",
        story="The instance was deleted a week ago; its backups remain and nobody expects new ones.",
    ),
    Member("hr-db", "mariadb", "10.11", 9.4, 4),
    Member("newsletter-db", "mariadb", "10.11", 15.5, 3),
    Member(
        "crm-db",
        "mariadb",
        "11.4",
        47.9,
        3,
        kind="broken_chain",
        story="Its incrementals complete, but the full backups under them failed or are gone:"
        " nothing newer than three days can be restored.",
    ),
    Member("catalog-db", "mongodb", "7.0", 72.2, 2),
    Member("profiles-db", "mongodb", "7.0", 118.6, 3),
    Member(
        "events-db",
        "mongodb",
        "6.0",
        205.3,
        3,
        kind="stuck",
        story="One backup has been BUILDING for many hours and the schedule waits behind it.",
    ),
    Member("sessions-cache", "redis", "7.2", 3.8, 24),
    Member("rates-cache", "redis", "7.2", 0.6, 24),
    Member("queue-redis", "redis", "7.0", 1.9, 24),
    Member(
        "carts-cache",
        "redis",
        "7.2",
        2.4,
        24,
        kind="never",
        story="It has been running for weeks and was never backed up at all.",
    ),
    Member("telemetry-cassandra", "cassandra", "4.1", 512.8, 4),
    Member("clicks-cassandra", "cassandra", "4.1", 287.1, 4),
    Member("metering-cassandra", "cassandra", "4.0", 61.4, 2),
)
