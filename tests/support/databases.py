"""Assessed databases: one that is healthy, and one for each risk."""

from msgspec.structs import replace

from exporter.results import AppliedObjective, BrokenChain, ChainLink, DatabaseAssessment, NewestChain

NOW = 1_000_000.0
WELL = DatabaseAssessment(
    instance_id="well",
    datastore_type="redis",
    restorable_backups=3,
    restorable_newest_timestamp=NOW - 100,
    last_attempt_failed=False,
    running_oldest_timestamp=NOW - 50,
    objective=AppliedObjective(age=200.0, duration=60.0),
)


def variant(instance_id: str, **fields: object) -> DatabaseAssessment:
    """Make a database that differs from the healthy one in these fields."""
    return replace(WELL, instance_id=instance_id, **fields)


NEVER = variant("never", restorable_newest_timestamp=None, restorable_backups=0, instance_name="carts")
OLD = variant("old", restorable_newest_timestamp=NOW - 300)
OLDER = variant("older", restorable_newest_timestamp=NOW - 7200, last_attempt_failed=True)
BROKEN = variant(
    "broken",
    unrestorable_by_reason=(("cycle", 1),),
    chain=NewestChain((ChainLink("b"),), 0, BrokenChain("cycle", ChainLink("a"), 1)),
)
FAILED = variant("failed", last_attempt_failed=True)
STUCK = variant("stuck", running_oldest_timestamp=NOW - 90)
