"""Backups that are alike: divided without loss, and the newest among them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

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
        parent_id=st.one_of(st.sampled_from([None, ""]), IDS),
        datastore=st.sampled_from([None, Datastore(), Datastore("redis"), Datastore("redis", "7.2")]),
    ),
    max_size=12,
    unique_by=lambda made: made.id,
)


@given(BACKUPS)
def test_each_backup_is_in_one_cohort_of_its_like(backups: list[Backup]) -> None:
    """No two groups are alike, and each has the oldest first."""
    found = group_backups(backups)

    members = [(group, member) for group in found for member in group.backups]
    assert sorted(member.id for _, member in members) == sorted(made.id for made in backups)
    assert all(
        (member.status, member.datastore, member.instance_id)
        == (group.status, group.datastore, group.instance_id)
        for group, member in members
    )
    assert len({(group.status, group.datastore, group.instance_id) for group in found}) == len(found)
    for group in found:
        times = [member.created_at for member in group.backups]
        assert times == sorted(times)


@given(BACKUPS, st.randoms(use_true_random=False))
def test_the_newest_is_the_naive_one_in_any_order(backups: list[Backup], random: Any) -> None:
    """The one created last, of several the one with the greatest id."""
    found = group_backups(random.sample(backups, len(backups)))

    def ranked(groups: Sequence[Backup]) -> Backup | None:
        return max(groups, key=lambda made: (made.created_at, made.id), default=None)

    assert newest(found) == ranked(backups)
    assert [group.newest for group in found] == [ranked(group.backups) for group in found]


@given(BACKUPS)
def test_each_is_counted_from_the_one_before(backups: list[Backup]) -> None:
    """On it or on its parent; counting starts at a full backup, and at an unresolved one."""
    for group in group_backups(backups):
        lengths: list[int] = []
        unresolved: list[int] = []
        for place, member in enumerate(group.backups):
            before = group.backups[place - 1] if place else None
            if before and member.parent_id == before.id:
                lengths.append(lengths[-1] + 1)
            elif before and member.parent_id == before.parent_id and lengths[-1] > 1:
                lengths.append(lengths[-1])
            else:
                lengths.append(1)
                if member.parent_id not in {None, "", member.id}:
                    unresolved.append(place)
        assert (group.lengths, group.unresolved) == (lengths, unresolved)


@pytest.mark.parametrize(
    ("datastore", "kind"),
    [(None, None), (Datastore(), None), (Datastore(type=""), None), (Datastore("redis", "7.2"), "redis")],
)
def test_a_type_that_says_nothing_is_none(datastore: Datastore | None, kind: str | None) -> None:
    """Absent, null and empty are the same."""
    (only,) = group_backups([backup("a", datastore=datastore)])

    assert only.datastore_type == kind
