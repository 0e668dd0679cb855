"""Large lists for benchmarks."""

from hypothesis import given
from hypothesis.strategies import integers

from exporter.simulator import bulk_backups, bulk_instances


@given(integers(0, 60), integers(1, 9))
def test_the_list_has_the_requested_size(backups: int, instances: int) -> None:
    """The list has the requested size, unique ids, listed instances and the newest backup first."""
    records = bulk_backups(backups, instances)
    changes = [record.updated_at for record in records if record.updated_at]

    assert len({record.id for record in records}) == len(records) == backups
    assert {record.instance_id for record in records} <= {host.id for host in bulk_instances(instances)}
    assert changes == sorted(changes, reverse=True)


def test_incrementals_depend_on_backups_of_their_instance() -> None:
    """A parent is in the list, older, and of the same instance."""
    records = bulk_backups(200, 7)
    by_id = {record.id: record for record in records}
    pairs = [(record, by_id[record.parent_id]) for record in records if record.parent_id]

    assert pairs
    assert all(child.instance_id == parent.instance_id for child, parent in pairs)
    assert all(child.created_at > parent.created_at for child, parent in pairs)


def test_a_few_percent_failed() -> None:
    """A few percent of the backups failed; these have no size."""
    failed = [record for record in bulk_backups(1000, 10) if record.status == "FAILED"]

    assert 5 < len(failed) < 50
    assert all(record.size is None for record in failed)
