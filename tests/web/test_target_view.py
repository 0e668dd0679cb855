"""Tests of `exporter.web.target_view`."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.errors import Reason
from exporter.results import Outage, TargetStatus
from exporter.web.target_view import TargetHealth, target_view
from tests.support.databases import WELL
from tests.support.scrape_results import NOW
from tests.support.statuses import NEVER_WALKED, OUTAGE, current, failing, failing_from_the_start, outdated

RUNBOOKS = Path(__file__).parents[2] / "docs/runbooks"


@pytest.mark.parametrize(
    ("status", "health", "is_outdated", "at_risk"),
    [
        (NEVER_WALKED, TargetHealth.PENDING, False, None),
        (current(WELL), TargetHealth.OK, False, 1),
        (failing(WELL), TargetHealth.FAILING, False, 1),
        (outdated(WELL), TargetHealth.FAILING, True, None),
        (failing_from_the_start(), TargetHealth.FAILING, False, None),
    ],
)
def test_a_target_has_its_health(
    status: TargetStatus, health: TargetHealth, at_risk: int | None, *, is_outdated: bool
) -> None:
    """Databases are at risk only as far as current data shows it."""
    view = target_view("t", status, NOW)

    assert (view.health, view.is_outdated, view.databases_at_risk) == (health, is_outdated, at_risk)


@pytest.mark.parametrize("reason", [*Reason, None])
def test_every_failure_has_a_runbook(reason: Reason | None) -> None:
    """It exists; an unexpected error refers to the log."""
    status = failing()
    view = target_view("t", replace(status, result=replace(status.result, failure=reason)), NOW)

    assert (RUNBOOKS / f"{view.runbook}.md").is_file()
    assert view.reason == (reason or "unexpected error, see the log")


@pytest.mark.parametrize(
    ("outage", "cause"),
    [
        (OUTAGE, "auth: HTTP 401: the API refuses the <key>"),
        (replace(OUTAGE, reason=None, message="unexpected error"), "unexpected error"),
        (None, "unexpected error, see the log"),
    ],
)
def test_a_failure_is_shown_in_the_words_of_the_error(outage: Outage | None, cause: str) -> None:
    """An unexpected error has no reason of its own."""
    assert target_view("t", failing(outage=outage), NOW).cause == cause


def test_an_age_is_never_negative() -> None:
    """If the clock steps back, the last complete walk ended just now."""
    assert target_view("t", current(), NOW - 86_400).snapshot_age == 0.0
