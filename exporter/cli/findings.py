"""What `check` finds out about a target, as plain lines."""

from collections.abc import Iterator

from exporter.api.budget import Budget
from exporter.api.tiers import HOUR, MINUTE, TIERS, tier_by_minute_limit
from exporter.backups import cadence_warnings
from exporter.cli.data_findings import find_expiry, find_in_data
from exporter.cli.finding import Finding, Severity
from exporter.config import Target
from exporter.durations import format_duration
from exporter.results import Snapshot
from exporter.target import TargetWalker, WalkOutcome
from exporter.wording import count


def find(walker: TargetWalker, outcome: WalkOutcome, interval: float) -> Iterator[Finding]:
    """Yield what a walk showed about a target.

    :param outcome: of that walk.
    :param interval: the scrape interval in seconds, to compare with the API's rate limits.
    """
    target, budget = walker.api.target, walker.api.budget
    if outcome.error is not None:
        yield Finding(Severity.FAIL, f"{outcome.error.reason}: {outcome.error}")
    yield from find_expiry(walker.api.credential_expiry, walker.api.clock.now())
    if outcome.snapshot is not None:
        yield Finding(Severity.OK, f"authenticated by {target.credential.kind}")
        yield _walked(outcome, outcome.snapshot)
        yield from _listed(walker)
        yield from find_in_data(target, outcome.snapshot)
        warnings = (*outcome.snapshot.data_warnings, *cadence_warnings(outcome.snapshot.assessments))
        yield from (Finding(Severity.WARN, warning.text) for warning in warnings)
        yield _rate_limit(target, budget)
        yield from _requests(outcome.stats.requests, budget, interval)


def _walked(outcome: WalkOutcome, snapshot: Snapshot) -> Finding:
    stats = outcome.stats
    backups, pages = count(snapshot.backups, "backup"), count(stats.pages, "page")
    cost = f"{format_duration(stats.seconds)} with {count(stats.requests, 'request')}"
    return Finding(Severity.OK, f"{backups} on {pages} of at most {outcome.page_size}, walked in {cost}")


def _listed(walker: TargetWalker) -> Iterator[Finding]:
    """Yield how many instances are listed; a failure to list them is among the data warnings."""
    instances = walker.instances
    if instances.listed is not None and instances.error is None:
        yield Finding(Severity.OK, f"{count(len(instances.listed), 'instance')} listed")


def _rate_limit(target: Target, budget: Budget) -> Finding:
    limit, window = budget.minute_limit, budget.minute
    if limit is None:
        return Finding(Severity.WARN, "the API sends no rate limit (X-RateLimit-Limit)")
    left = f", {window.remaining:,} left" if window else ""
    tier = tier_by_minute_limit(limit)
    hour = (
        f"{tier.name.title()}: {tier.per_hour:,} per hour"
        if tier
        else "no known tier: no hourly limit assumed"
    )
    share = f"; this exporter uses its `budget_share` of {target.budget_share:g}" if budget.hour_share else ""
    return Finding(Severity.OK, f"rate limit {limit:,} requests per minute{left} ({hour}{share})")


def _requests(cost: int, budget: Budget, interval: float) -> Iterator[Finding]:
    """Compare the requests of a walk at every scrape with each of the API's limits.

    :param cost: the requests of one walk.
    """
    walks = f"a walk every {format_duration(interval)} needs"
    per_minute, per_hour = cost * max(1.0, MINUTE / interval), cost * HOUR / interval
    if budget.minute_share is not None:
        text = f"{walks} {per_minute:,.0f} of {budget.minute_share:,} requests per minute"
        yield _fit(text, budget, cost, fits=per_minute <= budget.minute_share)
    if budget.hour_share is not None:
        text = f"{walks} {per_hour:,.0f} of {budget.hour_share:,} requests per hour"
        yield _fit(text, budget, cost, fits=per_hour <= budget.hour_share)
    else:
        tiers = ", ".join(t.name.title() for t in TIERS if t.per_hour and per_hour <= t.per_hour)
        yield Finding(
            Severity.OK, f"{walks} {per_hour:,.0f} requests per hour; tiers that allow it: {tiers or 'none'}"
        )


def _fit(text: str, budget: Budget, cost: int, *, fits: bool) -> Finding:
    if fits:
        return Finding(Severity.OK, text)
    pace = budget.pace(cost)
    effect = (
        f"walks will run every {format_duration(pace)}, and scrapes in between get the last snapshot"
        if pace
        else "walks will pause"
    )
    return Finding(
        Severity.WARN, f"{text}: {effect}; scrape less often, or raise page_size, budget_share or the tier"
    )
