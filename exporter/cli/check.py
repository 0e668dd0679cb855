"""`check`: whether the configuration works, told of each target in plain lines."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from exporter.api.budget import HOUR, HOURLY, Budget
from exporter.api.rate_headers import MINUTE
from exporter.config.schema import Target
from exporter.durations import format_age
from exporter.results import Snapshot
from exporter.target.walk import TargetWalker, WalkOutcome
from exporter.wording import count

TIERS: Final = {60: "Standard", 300: "Professional", 1_000: "Enterprise"}


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(Struct, frozen=True):
    """One line of the report."""

    level: Level
    text: str


def examine(walk: TargetWalker, outcome: WalkOutcome, interval: float) -> Iterator[Finding]:
    """Say what one walk showed, and whether walks every `interval` seconds fit the API's budget."""
    target, budget = walk.api.target, walk.api.budget
    if outcome.error is not None:
        yield Finding(Level.FAIL, f"{outcome.error.reason}: {outcome.error}")
    if outcome.snapshot is not None:
        yield Finding(Level.OK, f"authenticated by {target.credential.kind}")
        yield _walked(outcome, outcome.snapshot)
        yield from _listed(walk)
        yield from (Finding(Level.WARN, doubt.text) for doubt in outcome.snapshot.data_warnings)
        yield _rate_limit(target, budget)
        yield from _fit(outcome, budget, interval)


def _walked(outcome: WalkOutcome, snapshot: Snapshot) -> Finding:
    stats = outcome.stats
    return Finding(
        Level.OK,
        f"{count(snapshot.summary.backups, 'backup')} on {count(stats.pages, 'page')} of at most"
        f" {outcome.limit}, walked in {format_age(stats.seconds)} with {count(stats.requests, 'request')}",
    )


def _listed(walk: TargetWalker) -> Iterator[Finding]:
    """Say that instances were listed; why they were not is among the data_warnings."""
    instances = walk.instances
    if instances.listed is not None and instances.error is None:
        yield Finding(Level.OK, f"{count(len(instances.listed), 'instance')} listed")


def _rate_limit(target: Target, budget: Budget) -> Finding:
    limit, window = budget.minute_limit, budget.minute
    if limit is None:
        return Finding(Level.WARN, "the API names no rate limit in its headers")
    tier = TIERS.get(limit)
    left = f", {window.remaining:,} left" if window else ""
    hour = (
        f"{tier}: {HOURLY[limit]:,} an hour"
        if tier
        else "a number of no tier, so the hour's limit is unknown"
    )
    ours = f"; budget_share {target.budget_share:g} of it is ours" if budget.hour_limit else ""
    return Finding(Level.OK, f"rate limit {limit:,} requests a minute{left} ({hour}{ours})")


def _fit(outcome: WalkOutcome, budget: Budget, interval: float) -> Iterator[Finding]:
    """Hold the requests of walks at the scrape interval against each window."""
    cost = outcome.stats.requests
    walks = f"a walk every {format_age(interval)} takes"
    a_minute, an_hour = cost * max(1.0, MINUTE / interval), cost * HOUR / interval
    if budget.minute_share is not None:
        fits = a_minute <= budget.minute_share
        text = f"{walks} {a_minute:,.0f} requests a minute of our {budget.minute_share:,}"
        yield Finding(Level.OK if fits else Level.WARN, text + ("" if fits else f": {_advice(budget, cost)}"))
    if budget.hour_limit is not None:
        fits = an_hour <= budget.hour_limit
        text = f"{walks} {an_hour:,.0f} requests an hour of our {budget.hour_limit:,}"
        yield Finding(Level.OK if fits else Level.WARN, text + ("" if fits else f": {_advice(budget, cost)}"))
    else:
        tiers = [TIERS[minute] for minute, hour in HOURLY.items() if an_hour <= hour]
        fitting = ", ".join(tiers) if tiers else "none of them"
        yield Finding(
            Level.OK, f"{walks} {an_hour:,.0f} requests an hour; of the vendor's tiers it fits {fitting}"
        )


def _advice(budget: Budget, cost: int) -> str:
    pace = budget.pace(cost)
    happens = (
        f"walks come every {format_age(pace)}, scrapes between get the last one" if pace else "walks pause"
    )
    return f"{happens}; scrape as seldom, or raise page_size, budget_share or the tier"
