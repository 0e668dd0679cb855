"""What alerts say: every template renders, and names the database or the target."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from alerts.source.groups import alerts
from alerts.source.settings import Settings
from tests.alerts.situations import SITUATIONS
from tests.support.situation import Situation

NAMES: Final = sorted({alert.name for alert in alerts(Settings())})


def _firing(name: str) -> Iterator[tuple[Situation, float]]:
    """Yield situations and minutes at which an alert fires, the earliest minute first."""
    found = [
        (minute, situation)
        for situation in SITUATIONS
        for minute, fires in situation.fires.items()
        if any(alert.split()[0] == name.removeprefix("ByCloud") for alert in fires)
    ]
    for minute, situation in sorted(found, key=lambda pair: pair[0]):
        yield situation, minute


def test_every_alert_fires_in_a_situation() -> None:
    """No alert is untested."""
    assert not [name for name in NAMES if not list(_firing(name))]


def test_there_are_enough_situations() -> None:
    """Each has a name of its own."""
    assert len({situation.name for situation in SITUATIONS}) == len(SITUATIONS) >= 90


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_annotations_render(name: str, tmp_path: Path) -> None:
    """No template fails; the summary of a database's alert has its name, that of a target's the job."""
    situation, minute = next(_firing(name))
    summaries = situation.summaries(name, minute, tmp_path)

    assert summaries
    for summary in summaries:
        assert "<error" not in summary
        assert "<no value>" not in summary
        assert re.search(r"orders-db|old|\b(bycloud|new)\b", summary), summary
