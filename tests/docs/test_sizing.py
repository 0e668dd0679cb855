"""docs/sizing.md: its table is what the budget says."""

import re
from pathlib import Path
from typing import Final

import pytest

from exporter.api.budget import HOURLY, TIERS, Budget
from exporter.config.credentials import Secret
from exporter.config.schema import Target
from exporter.durations import parse_duration
from tests.support.world import World

PAGE: Final = (Path(__file__).parents[2] / "docs/sizing.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(
    r"^\| ([\d,]+) \| (\d+) \| ([\d,]+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE
)
TIER_NAMES: Final = ("standard", "professional", "enterprise")
SHARE: Final = Target(name="x", api_key=Secret("id:secret")).budget_share


def pace(tier: str, requests: int) -> float:
    """Return the seconds between two walks that the budget of an exporter with defaults asks for."""
    return Budget(tier=tier, share=SHARE, clock=World()).pace(requests)


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_the_table_is_the_budget_s(row: tuple[str, ...]) -> None:
    """Requests a walk, and how often each tier's hour has room for one, in whole seconds, rounded up."""
    backups, page, requests = (int(cell.replace(",", "")) for cell in row[:3])

    assert requests == -(-backups // page)
    for tier, cell in zip(TIER_NAMES, row[3:], strict=True):
        assert 0 <= parse_duration(cell) - pace(tier, requests) < 1


def test_the_table_has_what_matters() -> None:
    """Small and large fleets, and pages that the API allows and caps."""
    assert len(ROWS) == 12
    assert {page for _, page, *_ in ROWS} == {"20", "100", "1000"}


def test_the_tiers_are_the_budget_s() -> None:
    """Requests a minute and an hour as the exporter counts them."""
    told = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    expected = [
        (name.title(), f"{minute:,}", f"{hour:,}", f"{int(hour * SHARE):,}")
        for (minute, hour), name in zip(HOURLY.items(), TIER_NAMES, strict=True)
    ]

    assert told == expected
    assert [TIERS[name] for name in TIER_NAMES] == list(HOURLY.values())
