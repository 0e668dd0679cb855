"""Groups of backups lose no backup and know their newest."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.backups.grouping import group_backups, newest
from exporter.records import Backup, Datastore
from tests.support.builders import NOON, backup

IDS = st.integers(0, 15).map(str)
BACKUPS = st.lists(
    st.builds(
        Backup,
        id=IDS,
        status=st.sampled_from(["COMPLETED", "FAILED"]),
        created_at=st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        instance_id=st.sampled_from([None, "", "one", "two"]),
        size=st.sampled_from([None, 0.0, 0.5, 7.0]),
        datastore=st.sampled_from([None, Datastore(), Datastore("redis"), Datastore("redis", "7.2")]),
    ),
    max_size=12,
    unique_by=lambda made: made.id,
)


@given(BACKUPS)
def test_each_backup_is_in_exactly_one_group(backups: list[Backup]) -> None:
    """No two groups have the same key, and each has the oldest backup first."""
    groups = group_backups(backups)

    members = [(group, member) for group in groups for member in group.backups]
    assert sorted(member.id for _, member in members) == sorted(made.id for made in backups)
    assert all(
        (member.status, (member.datastore and member.datastore.type), member.instance_id)
        == (group.status, group.datastore_type, group.instance_id)
        for group, member in members
    )
    assert len({(group.status, group.datastore_type, group.instance_id) for group in groups}) == len(groups)
    for group in groups:
        times = [member.created_at for member in group.backups]
        assert times == sorted(times)


@given(BACKUPS, st.randoms(use_true_random=False))
def test_the_newest_is_the_naive_one_in_any_order(backups: list[Backup], random: Random) -> None:
    """The newest is the one created last; of several, the one with the greatest id."""
    grouped = group_backups(random.sample(backups, len(backups)))

    def ranked(groups: Sequence[Backup]) -> Backup | None:
        return max(groups, key=lambda made: (made.created_at, made.id), default=None)

    assert newest(grouped) == ranked(backups)
    assert [group.newest for group in grouped] == [ranked(group.backups) for group in grouped]


@given(BACKUPS)
def test_a_group_has_the_times_and_sizes_of_its_backups(backups: list[Backup]) -> None:
    """Sizes that are null or 0 are left out."""
    for group in group_backups(backups):
        assert list(group.times) == [member.created_at.timestamp() for member in group.backups]
        assert list(group.sizes) == [member.size for member in group.backups if member.size]


@pytest.mark.parametrize(
    ("datastore", "kind"),
    [(None, None), (Datastore(), None), (Datastore(type=""), None), (Datastore("redis", "7.2"), "redis")],
)
def test_an_empty_datastore_type_is_none(datastore: Datastore | None, kind: str | None) -> None:
    """A group has no datastore type unless the API gives one."""
    (only,) = group_backups([backup("a", datastore=datastore)])

    assert only.datastore_type == kind
