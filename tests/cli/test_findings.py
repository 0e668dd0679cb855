"""What `check` finds out from one walk."""

from typing import Unpack

import pytest
import structlog
from msgspec.structs import replace

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.cli.finding import Finding, Severity
from exporter.cli.findings import find
from exporter.config import Secret, Target
from exporter.results import (
    AppliedObjective,
    Attempt,
    DataWarning,
    Outcome,
    Snapshot,
    Summary,
    TimeLine,
    WalkStats,
)
from exporter.target import TargetWalker, WalkOutcome
from exporter.target.instances import InstanceList
from tests.support.databases import WELL
from tests.support.scrape_results import FAILURE, NOW, FixedClock
from tests.support.targets import TargetSettings, target
from tests.support.world import Silent

CLEAN = Snapshot(
    summary=Summary(groups=(), backups=1234, unknown_statuses=(), largest_size=5e9),
    duplicates=0,
    malformed=0,
    reported=1234,
    completed_at=NOW,
)


def walked(requests: int, snapshot: Snapshot = CLEAN) -> WalkOutcome:
    """Make the outcome of a walk that took this many requests."""
    return WalkOutcome(
        stats=WalkStats(seconds=3.2, pages=2, requests=requests), result=snapshot, page_size=1000
    )


def findings(
    outcome: WalkOutcome, limit: int | None, *, interval: float = 60, **settings: Unpack[TargetSettings]
) -> list[Finding]:
    """Return the findings if the API sends this limit per minute."""
    fields: TargetSettings = {"token": Secret("hidden"), **settings}
    made = target("prod", **fields)
    budget = Budget(tier=made.api_tier, share=made.budget_share, clock=FixedClock())
    if limit:
        budget.observe(200, {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(limit - 3)})
    return list(find(made_walk(made, budget), outcome, interval))


def made_walk(target: Target, budget: Budget) -> TargetWalker:
    """Make the walk of a target that never walks."""
    log = structlog.get_logger()
    api = ApiClient(target, budget, Silent(), HttpTransport(target, Deadlines()), FixedClock())
    return TargetWalker(api, InstanceList(api, target.instances, log), (), log)


def test_a_good_target() -> None:
    """It reports authentication, backups, and that the requests fit the rate limits."""
    assert findings(walked(3), 300) == [
        Finding(Severity.OK, "authenticated by token"),
        Finding(Severity.OK, "1,234 backups on 2 pages of at most 1000, walked in 3.2s with 3 requests"),
        Finding(
            Severity.OK,
            "rate limit 300 requests per minute, 297 left (Professional: 5,000 per hour;"
            " this exporter uses its `budget_share` of 0.5)",
        ),
        Finding(Severity.OK, "a walk every 1m needs 3 of 150 requests per minute"),
        Finding(Severity.OK, "a walk every 1m needs 180 of 2,500 requests per hour"),
    ]


def test_an_interval_that_does_not_fit() -> None:
    """Each limit that is exceeded is a warning with the effect and what to change."""
    results = findings(walked(9), 60, interval=15)[-2:]

    assert [finding.severity for finding in results] == [Severity.WARN, Severity.WARN]
    assert results[0].text == (
        "a walk every 15s needs 36 of 30 requests per minute: walks will run every 1m 5s, and scrapes in"
        " between get the last snapshot; scrape less often, or raise page_size, budget_share or the tier"
    )
    assert results[1].text.startswith("a walk every 15s needs 2,160 of 500 requests per hour: walks will run")


def test_a_walk_larger_than_the_minute_without_an_hour() -> None:
    """A walk pauses at the end of each minute; the tiers that allow the hour's requests are named."""
    results = findings(walked(200), 250, api_tier="unlimited")

    assert results[-3].text == (
        "rate limit 250 requests per minute, 247 left (no known tier: no hourly limit assumed)"
    )
    assert results[-2] == Finding(
        Severity.WARN,
        "a walk every 1m needs 200 of 125 requests per minute: walks will pause; scrape less often,"
        " or raise page_size, budget_share or the tier",
    )
    assert results[-1].text == (
        "a walk every 1m needs 12,000 requests per hour; tiers that allow it: Enterprise"
    )


@pytest.mark.parametrize(
    ("requests", "tiers"),
    [(1, "Standard, Professional, Enterprise"), (50, "Professional, Enterprise"), (999, "none")],
)
def test_an_api_without_rate_limits(requests: int, tiers: str) -> None:
    """It reports that there are no limits, and which of the vendor's tiers would allow the requests."""
    results = findings(walked(requests), None)[-2:]

    assert results[0] == Finding(Severity.WARN, "the API sends no rate limit (X-RateLimit-Limit)")
    assert results[1].text.endswith(f"tiers that allow it: {tiers}")


def test_data_warnings_are_warnings() -> None:
    """Each data warning of the snapshot is a finding, before those about rate limits."""
    data_warnings = (
        DataWarning("malformed", "1 malformed record, not counted"),
        DataWarning("reported", "9 but 5"),
    )
    results = findings(walked(1, replace(CLEAN, data_warnings=data_warnings)), 60)

    assert results[2:4] == [Finding(Severity.WARN, warning.text) for warning in data_warnings]
    assert results[4].text.startswith("rate limit")


@pytest.mark.parametrize("limit", [None, 60])
def test_a_failure(limit: int | None) -> None:
    """A failed walk is the only finding: half a success would mislead."""
    assert findings(FAILURE, limit) == [Finding(Severity.FAIL, "auth: token <invalid> (HTTP 401)")]


def test_an_expired_token_is_named_beside_the_failure() -> None:
    """Its expiry explains why the API refuses the credential."""
    made = target("prod", token=Secret("hidden"))
    walker = made_walk(made, Budget(clock=FixedClock()))
    walker.api.credential_expiry = NOW - 3600
    failure, expiry = find(walker, FAILURE, 60)

    assert failure.severity is Severity.FAIL
    assert expiry == Finding(
        Severity.WARN, "the credential expired 1h ago (2025-12-31T23:00:00Z): replace it"
    )


def test_a_max_age_without_room_is_a_warning() -> None:
    """A nightly backup of 2h 30m needs more than 26 hours."""
    nightly = TimeLine.of([Attempt(NOW - day * 86_400, Outcome.FULL, 9_000.0) for day in range(9, 0, -1)])
    tight = replace(WELL, timeline=nightly, objective=AppliedObjective(age=26 * 3600.0))
    results = findings(walked(1, replace(CLEAN, assessments=(tight,))), 60)

    assert results[2].severity is Severity.WARN
    assert results[2].text.startswith("max_age 1d 2h is too short for 1 database even if no backup fails")
