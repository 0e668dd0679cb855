"""How far a walk is, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api.budget import Budget
from exporter.cli.estimate import Pace, describe_walk
from exporter.results import WalkStats
from tests.support.world import World


@pytest.mark.parametrize(
    ("pages", "expected", "pace", "text"),
    [
        (0, None, Pace(), "waiting for the first page"),
        (0, 250, Pace(), "waiting for the first page"),
        (12, None, Pace(), "page 12"),
        (12, 250, Pace(), "page 12 of 250, 4m left"),
        (12, 24, Pace(), "page 12 of 24, 12s left"),
        (250, 250, Pace(), "page 250 of 250"),
        (251, 250, Pace(), "page 251"),
        (1_234, 5_678, Pace(), "page 1,234 of 5,678, 1h 15m left"),
        (
            12,
            250,
            Pace(per_minute=30),
            "page 12 of 250, 7m left: the API allows 30 requests a minute",
        ),
        (
            30,
            45,
            Pace(wait=41.5, per_minute=30),
            "page 30 of 45, 42s left: the API allows 30 requests a minute",
        ),
        (12, 24, Pace(per_minute=30), "page 12 of 24, 12s left"),
        (
            100,
            1_100,
            Pace(per_minute=500, per_hour=500, hour_left=400),
            "page 100 of 1,100, 1h 12m left: the API allows 500 requests an hour",
        ),
        (100, 200, Pace(per_hour=500, hour_left=400), "page 100 of 200, 1m 40s left"),
    ],
)
def test_a_walk_in_words(pages: int, expected: int | None, pace: Pace, text: str) -> None:
    """It has the page, the number of pages, the time that is left, and the limit that determines it."""
    stats = WalkStats(seconds=float(pages), pages=pages, requests=pages)

    assert describe_walk(stats, expected, pace) == text


@given(
    seconds=st.floats(0, 1e6),
    pages=st.integers(0, 10**6),
    expected=st.none() | st.integers(0, 10**6),
    pace=st.builds(
        Pace,
        wait=st.floats(0, 3600),
        per_minute=st.none() | st.integers(1, 1000),
        per_hour=st.none() | st.integers(1, 20_000),
        hour_left=st.none() | st.integers(0, 20_000),
    ),
)
def test_the_sentence_never_fails_and_always_names_the_page(
    seconds: float, pages: int, expected: int | None, pace: Pace
) -> None:
    """No time is left only if no page is."""
    text = describe_walk(WalkStats(seconds=seconds, pages=pages, requests=pages), expected, pace)

    assert text.startswith(f"page {pages:,}" if pages else "waiting")
    assert ("left" in text) is (0 < pages < (expected or 0))
    assert "-" not in text


def test_the_pace_is_that_of_the_budget() -> None:
    """It has this exporter's share of the API's limits, and what is left of the hour."""
    world = World()
    budget = Budget(tier="standard", share=0.5, clock=world)
    unknown = Pace.of(budget)
    budget.observe(200, {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59"})
    for _ in range(30):
        budget.take()

    assert unknown == Pace(wait=0.0, per_minute=None, per_hour=500, hour_left=500)
    assert Pace.of(budget) == Pace(wait=60.0, per_minute=30, per_hour=500, hour_left=470)
