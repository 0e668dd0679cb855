"""From a complete walk to a snapshot."""

from exporter.backups import Inventory, Rules, assess
from exporter.config import Config, Statuses
from exporter.results import WalkResult
from tests.support.builders import NOON, backup


def test_a_snapshot_has_the_walks_numbers_sums_and_assessments() -> None:
    """Backups created after the end of the walk count as future ones."""
    backups = [backup(0), backup(1, parent_id="0"), backup(2, status="FAILED")]
    walked = WalkResult(
        records={record.id: record for record in backups},
        duplicates=1,
        malformed=2,
        first_malformed="record 3: no id",
        reported=9,
        limit=1000,
    )
    rules = Rules(Statuses(), Config().objectives)

    snapshot = assess(walked, Inventory.of((), None), rules, completed_at=NOON.timestamp() + 60)

    assert snapshot.summary.backups == 3
    assert [assessment.restorable_backups for assessment in snapshot.assessments] == [2]
    assert (snapshot.duplicates, snapshot.malformed, snapshot.future, snapshot.reported) == (1, 2, 1, 9)
    assert snapshot.completed_at == NOON.timestamp() + 60
    assert snapshot.data_warnings == ()
