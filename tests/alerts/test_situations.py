"""The situations that an on-call team meets: in each, exactly the expected alerts fire."""

from pathlib import Path

import pytest

from tests.alerts.situations.objectives import OBJECTIVES
from tests.alerts.situations.outages import OUTAGES
from tests.alerts.situations.past import PAST
from tests.alerts.situations.targets import TARGETS
from tests.alerts.situations.walks import WALKS
from tests.support.rule_world import Pace
from tests.support.situation import Situation

SITUATIONS = (*OBJECTIVES, *OUTAGES, *TARGETS, *WALKS, *PAST)
RUNS = [(situation, pace) for situation in SITUATIONS for pace in situation.paces]


@pytest.mark.slow
@pytest.mark.parametrize(("situation", "pace"), RUNS, ids=[f"{s.name} ({p.name})" for s, p in RUNS])
def test_exactly_the_expected_alerts_fire(situation: Situation, pace: Pace, tmp_path: Path) -> None:
    """At each moment that the situation names, its alerts fire once each, and no others."""
    assert situation.failure(pace, tmp_path) == ""
