"""The table in docs/sizing.md shows what the budget computes."""

import re
from pathlib import Path
from typing import Final

import pytest

from exporter.api.budget import Budget
from exporter.api.tiers import TIERS
from exporter.config import Secret, Target
from exporter.durations import parse_duration
from tests.support.world import World

PAGE: Final = (Path(__file__).parents[2] / "docs/sizing.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(
    r"^\| ([\d,]+) \| (\d+) \| ([\d,]+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE
)
TIER_NAMES: Final = ("standard", "professional", "enterprise")
SHARE: Final = Target(name="x", api_key=Secret("id:secret")).budget_share


def pace(tier: str, requests: int) -> float:
    """Return the seconds between two walks that the default budget requires."""
    return Budget(tier=tier, share=SHARE, clock=World()).pace(requests)


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_the_table_is_the_budget_s(row: tuple[str, ...]) -> None:
    """Each row has the requests per walk, and each tier's walk interval in seconds, rounded up."""
    backups, page, requests = (int(cell.replace(",", "")) for cell in row[:3])

    assert requests == -(-backups // page)
    for tier, cell in zip(TIER_NAMES, row[3:], strict=True):
        assert 0 <= parse_duration(cell) - pace(tier, requests) < 1


def test_the_table_has_what_matters() -> None:
    """The table covers few and many backups, and page sizes that the API accepts and limits."""
    assert len(ROWS) == 12
    assert {page for _, page, *_ in ROWS} == {"20", "100", "1000"}


def test_the_tiers_are_the_budget_s() -> None:
    """The page has the tiers' requests per minute and per hour as the exporter knows them."""
    documented = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    expected = [
        (tier.name.title(), f"{tier.per_minute:,}", f"{tier.per_hour:,}", f"{int(tier.per_hour * SHARE):,}")
        for tier in TIERS
        if tier.per_hour
    ]

    assert documented == expected
