"""The table of tiers and the configured quota."""

from typing import get_args

import pytest

from exporter.api.tiers import HOUR, MINUTE, TIERS, Quota, tier_by_minute_limit
from exporter.cli.flags import API_TIERS
from exporter.config import Tier
from exporter.simulator import ratelimit
from exporter.simulator.ratelimit import RateLimit


def test_the_embedded_api_has_the_same_tiers() -> None:
    """The simulator enforces the limits that the exporter assumes, under the same names."""
    simulated = {
        name: [(window.limit, window._seconds) for window in RateLimit(name, float)._windows]  # noqa: SLF001 - the table
        for name in get_args(ratelimit.Tier)
    }
    expected = {
        tier.name: [
            (limit, seconds)
            for limit, seconds in ((tier.per_minute, MINUTE), (tier.per_hour, HOUR))
            if limit is not None
        ]
        for tier in TIERS
    }

    assert simulated == expected


def test_the_configuration_accepts_exactly_these_tiers() -> None:
    """`api_tier` is `auto` or the name of a tier in the table, and `demo --tier` one of these names."""
    names = tuple(tier.name for tier in TIERS)

    assert get_args(Tier) == ("auto", *names)
    assert names == API_TIERS


@pytest.mark.parametrize(("limit", "name"), [(60, "standard"), (300, "professional"), (1_000, "enterprise")])
def test_the_limit_per_minute_identifies_the_tier(limit: int, name: str) -> None:
    """The API reports the limit, not the tier."""
    tier = tier_by_minute_limit(limit)

    assert tier is not None
    assert tier.name == name


def test_an_undocumented_limit_is_no_tier() -> None:
    """Nothing is assumed about the hour."""
    assert tier_by_minute_limit(120) is None


@pytest.mark.parametrize(
    ("tier", "minute_limit", "per_hour"),
    [
        ("auto", None, None),
        ("auto", 60, 500),
        ("auto", 120, None),
        ("professional", None, 2_500),
        ("professional", 60, 2_500),
        ("unlimited", 60, None),
    ],
)
def test_a_configured_tier_wins(tier: str, minute_limit: int | None, per_hour: int | None) -> None:
    """`auto` follows the reported limit; the share applies to either."""
    assert Quota(tier, 0.5).per_hour(minute_limit) == per_hour


def test_a_share_is_at_least_one_request() -> None:
    """A tiny share must not stop the exporter for good."""
    assert Quota(share=0.001).share_of(60) == 1
