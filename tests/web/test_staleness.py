"""Whether what the last walk found is still current."""

import pytest

from alerts.source.settings import Settings
from exporter.results import ScrapeResult, TargetStatus
from exporter.web.staleness import STALE_SECONDS, as_outdated_if_stale
from tests.support.scrape_results import SNAPSHOT

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("age", "interval", "is_current"),
    [
        (STALE_SECONDS, 0.0, True),
        (STALE_SECONDS + 1, 0.0, False),
        (STALE_SECONDS + 1, 7200.0, True),
        (None, 0.0, True),
        (-60.0, 0.0, True),
    ],
)
def test_data_that_nobody_refreshes_becomes_outdated(
    age: float | None,
    interval: float,
    is_current: bool,  # noqa: FBT001 - what is expected
) -> None:
    """An hour after walks should have been complete; the snapshot stays, as the last that is known."""
    result = ScrapeResult(
        up=True,
        failure=None,
        deferred=False,
        snapshot=SNAPSHOT,
        last_success=None if age is None else NOW - age,
        last_walk=None,
        walk_interval=interval,
    )
    status = as_outdated_if_stale(TargetStatus(result, SNAPSHOT, None), NOW)

    assert status.snapshot is SNAPSHOT
    assert (status.result.snapshot is SNAPSHOT) is is_current


def test_pages_and_alerts_agree_on_what_is_stale() -> None:
    """Data becomes outdated on the pages when the shipped alert `ByCloudScrapeStale` would fire."""
    assert Settings().stale_seconds == STALE_SECONDS
