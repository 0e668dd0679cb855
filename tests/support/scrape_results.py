"""Results of scrapes, and scrapers that return them without an API."""

from collections.abc import Callable

import structlog
from msgspec.structs import replace

from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Secret, Target
from exporter.errors import ApiError, Reason
from exporter.results import (
    AppliedObjective,
    DatabaseAssessment,
    Gaps,
    GroupKey,
    GroupSummary,
    ScrapeResult,
    Snapshot,
    Summary,
    WalkStats,
)
from exporter.target import Scraper, WalkOutcome

NOW = 1_767_225_600.0
"""When these results are served: 2026-01-01 00:00 UTC."""

STATS = WalkStats(seconds=2.5, pages=3, requests=4)
GROUP = GroupSummary(
    key=GroupKey("COMPLETED", "postgresql", "550e8400-e29b-41d4-a716-446655440000"),
    count=7,
    size_bytes=700.5,
    newest_timestamp=NOW - 3600,
    oldest_timestamp=NOW - 86_400,
    newest_size_bytes=101.25,
    newest_duration_seconds=600.0,
)
RUNNING = replace(
    GROUP,
    key=GroupKey("BUILDING", "unknown", "unknown"),
    count=1,
    size_bytes=0.0,
    newest_size_bytes=None,
    newest_duration_seconds=None,
)
ASSESSMENT = DatabaseAssessment(
    instance_id="550e8400-e29b-41d4-a716-446655440000",
    datastore_type="postgresql",
    instance_name="orders-db",
    datastore_version="15.4",
    replica_of=None,
    restorable_backups=5,
    restorable_newest_timestamp=NOW - 3600,
    restorable_oldest_timestamp=NOW - 86_400,
    usable_newest_timestamp=NOW - 1800,
    gaps=Gaps.of([NOW - 86_400, NOW - 14_400], [NOW - 50_400, NOW - 7200]),
    newest_chain_length=3,
    newest_full_timestamp=NOW - 7200,
    newest_full_size_bytes=100.5,
    unrestorable_by_reason=(("parent_failed", 1), ("parent_missing", 1)),
    running_oldest_timestamp=NOW - 60,
    last_attempt_failed=False,
    objective=AppliedObjective(
        age=108_000.0,
        duration=21_600.0,
        retention=43_200.0,
        gap=10_800.0,
        full_age=691_200.0,
        chain_length=14,
    ),
    labels=(("cost_center", "4711"), ("team", "payments")),
)
NOTHING_RESTORABLE = DatabaseAssessment(instance_id="7", datastore_type="unknown")
SNAPSHOT = Snapshot(
    summary=Summary(
        groups=(RUNNING, GROUP), backups=8, unknown_statuses=(("PAUSED", 2), ("X", 1)), largest_size=101.25
    ),
    assessments=(ASSESSMENT, NOTHING_RESTORABLE),
    duplicates=1,
    malformed=2,
    future=4,
    reported=10,
    completed_at=NOW - 30,
    bytes_per_unit=2.0**30,
)
OK = ScrapeResult(
    up=True,
    failure=None,
    deferred=False,
    snapshot=SNAPSHOT,
    last_success=NOW - 30,
    last_walk=STATS,
    walk_interval=72.0,
    max_backups=50,
    instances_ok=True,
)
NO_DATA_YET = ScrapeResult(
    up=False,
    failure=Reason.TIMEOUT,
    deferred=False,
    snapshot=None,
    last_success=None,
    last_walk=None,
    walk_interval=0.0,
)
FAILED = replace(OK, up=False, failure=Reason.AUTH, snapshot=None)

SUCCESS = WalkOutcome(stats=STATS, result=SNAPSHOT, page_size=1000)
FAILURE = WalkOutcome(stats=STATS, result=ApiError(Reason.AUTH, "token <invalid>", status=401))


class FixedClock(Clock):
    """A clock whose time is always `NOW`."""

    def now(self) -> float:
        """Return `NOW`."""
        return NOW


def scraper(walk: Callable[[], WalkOutcome] = lambda: SUCCESS, name: str = "default") -> Scraper:
    """Return a scraper whose scrapes call `walk` in their own thread."""
    target = Target(name=name, api_key=Secret("id:hidden"))
    clock = FixedClock()

    return Scraper(
        target,
        lambda _seconds, _reserved, _running: walk(),
        Budget(clock=clock),
        structlog.get_logger(),
        clock=clock,
        spawn=lambda work: work(),
    )
