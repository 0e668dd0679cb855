"""The databases of the simulated organization: what each runs on and what is wrong with its backups."""

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "healthy",
    "stale",
    "failing",
    "stuck",
    "broken_chain",
    "never",
    "gap",
    "long_chain",
    "short_retention",
    "cinder",
    "retired",
    "replica",
]


class Database(Struct, frozen=True):
    """One database.

    :param gib: its size.
    :param every: hours between its backups; 24: one full backup a day.
    :param growth: by which part of `gib` it grows per day.
    :param kind: what is wrong with its backups, or special about them.
    :param story: the same in words, for people.
    """

    name: str
    type: str
    version: str
    gib: float
    every: int
    kind: Kind = "healthy"
    growth: float = 0.0005
    replica_of: str | None = None
    story: str = ""


DATABASES = (
    Database("orders-db", "postgresql", "15.4", 182.4, 2),
    Database("ledger-db", "postgresql", "16.2", 96.1, 2),
    Database("identity-db", "postgresql", "15.4", 21.7, 3),
    Database("inventory-db", "postgresql", "15.4", 64.0, 3),
    Database("analytics-warehouse", "postgresql", "16.2", 740.5, 4),
    Database(
        "billing-db",
        "postgresql",
        "15.4",
        58.3,
        3,
        kind="failing",
        story="Every backup has failed for more than a day. Older ones are fine.",
    ),
    Database(
        "orders-db-replica",
        "postgresql",
        "15.4",
        182.4,
        24,
        kind="replica",
        replica_of="orders-db",
        story="It replicates orders-db, so it needs no backups of its own.",
    ),
    Database("shop-db", "mysql", "8.0.36", 133.9, 2),
    Database("cms-db", "mysql", "8.0.36", 12.6, 4),
    Database("tickets-db", "mysql", "8.4.0", 33.8, 3),
    Database(
        "wiki-db",
        "mysql",
        "8.0.36",
        7.2,
        3,
        kind="stale",
        story="Its schedule stopped three days ago. Nothing failed, but there are no new backups.",
    ),
    Database(
        "legacy-shop-db",
        "mysql",
        "5.7.44",
        88.0,
        4,
        kind="retired",
        story="The instance was deleted a week ago. Its backups remain; no new ones are expected.",
    ),
    Database("hr-db", "mariadb", "10.11", 9.4, 4),
    Database("newsletter-db", "mariadb", "10.11", 15.5, 3),
    Database(
        "crm-db",
        "mariadb",
        "11.4",
        47.9,
        3,
        kind="broken_chain",
        story="Its incrementals complete, but the full backups under them failed or are gone:"
        " nothing newer than three days can be restored.",
    ),
    Database("catalog-db", "mongodb", "7.0", 72.2, 2),
    Database("profiles-db", "mongodb", "7.0", 118.6, 3),
    Database(
        "events-db",
        "mongodb",
        "6.0",
        205.3,
        3,
        kind="stuck",
        story="One backup has been BUILDING for many hours and blocks the schedule.",
    ),
    Database("sessions-cache", "redis", "7.2", 3.8, 24),
    Database("rates-cache", "redis", "7.2", 0.6, 24),
    Database("queue-redis", "redis", "7.0", 1.9, 24),
    Database(
        "carts-cache",
        "redis",
        "7.2",
        2.4,
        24,
        kind="never",
        story="It has been running for weeks and has never been backed up.",
    ),
    Database("telemetry-cassandra", "cassandra", "4.1", 512.8, 4),
    Database("clicks-cassandra", "cassandra", "4.1", 287.1, 4),
    Database("metering-cassandra", "cassandra", "4.0", 61.4, 2),
    Database(
        "payroll-db",
        "postgresql",
        "16.2",
        27.3,
        4,
        kind="gap",
        story="It was not backed up for a whole day three days ago. Before and after that it was.",
    ),
    Database(
        "search-db",
        "mongodb",
        "7.0",
        44.1,
        4,
        kind="long_chain",
        story="It has had no full backup for five days, so a restore reads more than twenty backups.",
    ),
    Database(
        "audit-db",
        "mysql",
        "8.4.0",
        91.7,
        4,
        kind="short_retention",
        story="Somebody shortened its retention: its backups reach back three days instead of two weeks.",
    ),
    Database(
        "files-db",
        "mariadb",
        "11.4",
        350.0,
        3,
        kind="cinder",
        story="Its backups are Cinder snapshots: each restores alone, although the parents that it names"
        " are gone.",
    ),
)
