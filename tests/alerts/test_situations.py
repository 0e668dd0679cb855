"""The situations that an on-call team meets: in each, exactly the expected alerts fire."""

from pathlib import Path
from typing import Final

import pytest

from tests.alerts.situations import SITUATIONS
from tests.support.rule_world import FAST, USUAL, Pace
from tests.support.situation import Situation

QUICK: Final = (
    "only failed backups page as missing at once",
    "a broken chain without any restorable backup opens a ticket too",
    "an alert of a database without a team has none",
    "an exporter that stops answering pages after ten minutes",
)
RUNS: Final = [(situation, pace) for situation in SITUATIONS for pace in situation.paces]
CASES: Final = [
    pytest.param(
        situation,
        pace,
        id=f"{situation.name} ({pace.name})",
        marks=pytest.mark.exhaustive if pace == FAST else (),
    )
    for situation, pace in RUNS
]


def test_each_moment_is_one_of_an_evaluation() -> None:
    """Between evaluations that are ten minutes apart, `ALERTS` has no sample."""
    assert not [
        (situation.name, pace.name)
        for situation, pace in RUNS
        if any(minute * 60 % pace.evaluation for minute in situation.fires)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("situation", "pace"), CASES)
def test_exactly_the_expected_alerts_fire(situation: Situation, pace: Pace, tmp_path: Path) -> None:
    """At each moment that the situation names, its alerts fire once each, and no others."""
    assert situation.failure(pace, tmp_path) == ""


@pytest.mark.parametrize("name", QUICK)
def test_some_situations_are_checked_at_once(name: str, tmp_path: Path) -> None:
    """The quick suite runs a few situations, so that a broken rule is noticed early."""
    situation = next(situation for situation in SITUATIONS if situation.name == name)

    assert situation.failure(USUAL, tmp_path) == ""
