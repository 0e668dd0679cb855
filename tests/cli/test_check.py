"""What `check` says of one walk."""

import pytest
import structlog
from msgspec.structs import replace

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.cli.check import Finding, Level, examine
from exporter.config.credentials import Secret
from exporter.config.schema import Target
from exporter.results import DataWarning, Snapshot, Summary, WalkStats
from exporter.target.instances import InstanceList
from exporter.target.walk import TargetWalker, WalkOutcome
from tests.support.answers import FAILURE, NOW, FixedClock
from tests.support.world import Silent

CLEAN = Snapshot(
    summary=Summary(groups=(), backups=1234, unknown_statuses=(), largest_size=5e9),
    duplicates=0,
    malformed=0,
    reported=1234,
    completed_at=NOW,
)


def walked(requests: int, snapshot: Snapshot = CLEAN) -> WalkOutcome:
    """Make the outcome of a walk of so many requests."""
    return WalkOutcome(stats=WalkStats(seconds=3.2, pages=2, requests=requests), result=snapshot, limit=1000)


def findings(
    outcome: WalkOutcome, limit: int | None, *, interval: float = 60, **settings: object
) -> list[Finding]:
    """Examine an outcome where the API names this limit a minute."""
    target = Target(name="prod", **{"token": Secret("hidden"), **settings})  # type: ignore[arg-type]
    budget = Budget(tier=target.api_tier, share=target.budget_share, clock=FixedClock())
    if limit:
        budget.observe(200, {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(limit - 3)})
    return list(examine(made_walk(target, budget), outcome, interval))


def made_walk(target: Target, budget: Budget) -> TargetWalker:
    """Make the walk of a target that never walks."""
    log = structlog.get_logger()
    api = ApiClient(target, budget, Silent(), HttpTransport(target, Deadlines()), FixedClock())
    return TargetWalker(api, InstanceList(api, target.instances, log), (), log)


def test_a_good_target() -> None:
    """Who one is, what there is, what is allowed, and that it fits."""
    assert findings(walked(3), 300) == [
        Finding(Level.OK, "authenticated by token"),
        Finding(Level.OK, "1,234 backups on 2 pages of at most 1000, walked in 3.2s with 3 requests"),
        Finding(
            Level.OK,
            "rate limit 300 requests a minute, 297 left (Professional: 5,000 an hour;"
            " budget_share 0.5 of it is ours)",
        ),
        Finding(Level.OK, "a walk every 1m takes 3 requests a minute of our 150"),
        Finding(Level.OK, "a walk every 1m takes 180 requests an hour of our 2,500"),
    ]


def test_an_interval_that_does_not_fit() -> None:
    """Each window is held against it, with what happens and what to change."""
    found = findings(walked(9), 60, interval=15)[-2:]

    assert [finding.level for finding in found] == [Level.WARN, Level.WARN]
    assert found[0].text == (
        "a walk every 15s takes 36 requests a minute of our 30: walks come every 1m 5s, scrapes between get"
        " the last one; scrape as seldom, or raise page_size, budget_share or the tier"
    )
    assert found[1].text.startswith("a walk every 15s takes 2,160 requests an hour of our 500: walks come")


def test_a_walk_larger_than_the_minute_without_an_hour() -> None:
    """It pauses at the end of each window; the vendor's tiers are named as far as it fits them."""
    found = findings(walked(200), 250, api_tier="unlimited")

    assert found[-3].text == (
        "rate limit 250 requests a minute, 247 left (a number of no tier, so the hour's limit is unknown)"
    )
    assert found[-2] == Finding(
        Level.WARN,
        "a walk every 1m takes 200 requests a minute of our 125: walks pause; scrape as seldom,"
        " or raise page_size, budget_share or the tier",
    )
    assert found[-1].text == (
        "a walk every 1m takes 12,000 requests an hour; of the vendor's tiers it fits Enterprise"
    )


@pytest.mark.parametrize(
    ("requests", "tiers"),
    [(1, "Standard, Professional, Enterprise"), (50, "Professional, Enterprise"), (999, "none of them")],
)
def test_an_api_without_rate_limits(requests: int, tiers: str) -> None:
    """It is said, and what the vendor's documentation would allow."""
    found = findings(walked(requests), None)[-2:]

    assert found[0] == Finding(Level.WARN, "the API names no rate limit in its headers")
    assert found[1].text.endswith(f"of the vendor's tiers it fits {tiers}")


def test_doubts_are_warnings() -> None:
    """Each doubt of the snapshot is a warning of its own, before the lines about the rate limits."""
    data_warnings = (
        DataWarning("malformed", "1 malformed record left out of all metrics"),
        DataWarning("reported", "9 but 5"),
    )
    found = findings(walked(1, replace(CLEAN, data_warnings=data_warnings)), 60)

    assert found[2:4] == [Finding(Level.WARN, doubt.text) for doubt in data_warnings]
    assert found[4].text.startswith("rate limit")


@pytest.mark.parametrize("limit", [None, 60])
def test_a_failure(limit: int | None) -> None:
    """It is told with the API's words, and nothing else: half a success would mislead."""
    assert findings(FAILURE, limit) == [Finding(Level.FAIL, "auth: token <invalid> (HTTP 401)")]
