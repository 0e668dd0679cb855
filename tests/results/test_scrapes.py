"""The status of a target."""

import pytest

from exporter.results import TargetStatus
from tests.support.statuses import NEVER_WALKED, current, outdated

NOW = 5e9


@pytest.mark.parametrize(
    ("status", "is_outdated"), [(NEVER_WALKED, False), (current(), False), (outdated(), True)]
)
def test_only_an_outdated_snapshot_is_judged_by_its_own_time(
    status: TargetStatus,
    is_outdated: bool,  # noqa: FBT001 - what is expected
) -> None:
    """A current one is judged by the present time, and a target without any is not outdated."""
    completed_at = status.snapshot.completed_at if status.snapshot else None

    assert status.is_outdated is is_outdated
    assert status.as_of(NOW) == (completed_at if is_outdated else NOW)
