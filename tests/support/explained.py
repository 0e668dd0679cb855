"""A database whose newest chain is broken, with everything that `explain` shows."""

from msgspec.structs import replace

from exporter.backups import explain
from exporter.cli.matches import MatchedDatabase
from exporter.results import (
    AppliedObjective,
    Attempt,
    BrokenChain,
    ChainLink,
    DatabaseAssessment,
    Gaps,
    NewestChain,
    Outcome,
    TimeLine,
)

NOW = 1_767_225_600.0
"""2026-01-01 00:00 UTC."""
HOUR = 3600.0
DAY = 24 * HOUR
CULPRIT = ChainLink("b-1", "orders-monday", "FAILED", NOW - 2 * DAY)
BROKEN = DatabaseAssessment(
    instance_id="550e8400",
    datastore_type="postgresql",
    instance_name="orders-db",
    datastore_version="15.4",
    restorable_backups=12,
    restorable_newest_timestamp=NOW - 3 * DAY - 4 * HOUR,
    restorable_oldest_timestamp=NOW - 8 * DAY,
    usable_newest_timestamp=NOW - HOUR,
    gaps=Gaps.of([NOW - 8 * DAY], [NOW - 4 * DAY]),
    newest_chain_length=2,
    newest_full_timestamp=NOW - 4 * DAY,
    unrestorable_by_reason=(("parent_failed", 2),),
    last_attempt_failed=True,
    objective=AppliedObjective(age=30 * HOUR, retention=30 * DAY),
    labels=(("team", "payments"), ("tier", "gold")),
    chain=NewestChain(
        (ChainLink("b-3", None, "COMPLETED", NOW - HOUR), ChainLink("b-2", "", "COMPLETED", NOW - DAY)),
        5,
        BrokenChain("parent_failed", CULPRIT, 2),
    ),
    timeline=TimeLine.of(
        [
            Attempt(NOW - 8 * DAY, Outcome.FULL),
            Attempt(NOW - 4 * DAY, Outcome.FULL, 60.0),
            Attempt(NOW - 2 * DAY, Outcome.FAILED, 60.0),
            Attempt(NOW - DAY, Outcome.UNRESTORABLE, 60.0),
            Attempt(NOW - HOUR, Outcome.UNRESTORABLE, 60.0),
        ]
    ),
)
HEALTHY = replace(
    BROKEN,
    instance_id="660e8400",
    instance_name="carts-db",
    restorable_newest_timestamp=NOW - HOUR,
    restorable_oldest_timestamp=NOW - 31 * DAY,
    last_attempt_failed=False,
    labels=(),
    chain=NewestChain((ChainLink("c-1", None, "COMPLETED", NOW - HOUR),)),
)
FREE = replace(HEALTHY, instance_id="770e8400", instance_name=None, objective=AppliedObjective())


def match(database: DatabaseAssessment, target: str = "prod") -> MatchedDatabase:
    """Explain a database at `NOW`."""
    return MatchedDatabase(target, explain(database, NOW), NOW)
