"""A day of scrapes against the vendor's rate limits, on a simulated clock."""

import pytest

from exporter.api import BACKUPS, INSTANCES
from exporter.api.tiers import TIERS
from exporter.simulator.ratelimit import Tier
from tests.support.world import LATENCY, LimitedTransport, World, limited_scraper

DAY = 86_400.0
WALKS_PER_HOUR = 480  # that two servers request
PER_HOUR = {tier.name: tier.per_hour or 0 for tier in TIERS}


@pytest.mark.parametrize(
    ("tier", "backups", "page", "share"),
    [
        ("standard", 150, 20, 0.5),
        pytest.param("standard", 150, 1000, 0.5, marks=pytest.mark.slow),
        ("standard", 5000, 20, 0.5),
        pytest.param("standard", 5000, 1000, 0.5, marks=pytest.mark.slow),
        pytest.param("standard", 5000, 20, 1.0, marks=pytest.mark.slow),
        pytest.param("standard", 12_000, 20, 0.5, marks=pytest.mark.slow),
        pytest.param("professional", 5000, 20, 0.5, marks=pytest.mark.slow),
    ],
)
def test_a_day_sees_no_429_and_no_snapshot_older_than_the_budget_forces(
    tier: Tier, backups: int, page: int, share: float
) -> None:
    """With scrapes of two servers every 15 s, none is refused, and walks use what the hour allows."""
    world = World()
    api = LimitedTransport(world, tier, backups, page)
    scraper = limited_scraper(world, api, budget_share=share, instances="off")
    ages: list[float] = []
    intervals: set[float | None] = set()

    def scrape() -> None:
        result = scraper.scrape(0)
        if result.last_success is not None and world.now() > 1_800_000_007 + 2 * 3600:
            ages.append(world.now() - result.last_success)
            intervals.add(result.walk_interval)

    world.repeat(scrape, 15.0)
    world.repeat(scrape, 15.0, first=4.0)
    world.sleep(DAY)

    requests = -(-backups // page)
    pace = requests * 3600 / (PER_HOUR[tier] * share)
    minutes = max(0.0, requests / ({"standard": 60, "professional": 300}[tier] * share) - 1)
    walk = requests * LATENCY + minutes * 60
    assert 429 not in api.statuses
    assert max(ages) <= pace + walk + 15
    fits = WALKS_PER_HOUR * requests <= PER_HOUR[tier] * share
    assert list(intervals) == [pytest.approx(0 if fits else pace)]
    assert len(api.statuses) <= DAY / 3600 * PER_HOUR[tier] * share * 1.05


def test_the_list_of_instances_respects_the_budget() -> None:
    """If two walks fill the hour, the list of instances takes few requests and causes no 429."""
    world = World()
    api = LimitedTransport(world, "standard", 5000, 20)
    scraper = limited_scraper(world, api)

    def scrape() -> None:
        scraper.scrape(0)

    world.repeat(scrape, 15.0)
    world.sleep(DAY)

    assert 429 not in api.statuses
    assert 1 <= api.paths.count(INSTANCES.path) <= 2 * DAY / (6 * 3600) + 2
    assert api.paths.count(BACKUPS.path) >= 250 * 40
    assert scraper.last_result().instances_ok
