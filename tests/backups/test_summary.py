"""Sums over backups equal the naive ones in any order."""

import math
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from random import Random
from typing import Unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.backups.grouping import group_backups
from exporter.backups.size_unit import sizes_look_like_gib
from exporter.backups.summary import created_after, summarize
from exporter.config import Statuses
from exporter.records import Backup, Datastore
from exporter.results import GroupKey, GroupSummary, Summary
from tests.support.builders import NOON, BackupFields, backup

STATUSES = Statuses()
MYSQL = Datastore(type="mysql")
RECORDS = st.lists(
    st.builds(
        Backup,
        id=st.uuids().map(str),
        status=st.sampled_from(["COMPLETED", "FAILED", "BUILDING", "DELETED", "PAUSED"]),
        created_at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])),
        updated_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        instance_id=st.sampled_from([None, "", "one", "two"]),
        size=st.none() | st.floats(0, 1e300),
        datastore=st.sampled_from([None, Datastore(), MYSQL]),
    ),
    max_size=12,
    unique_by=lambda record: record.id,
)


def group(*backups: Backup, bytes_per_unit: float = 1) -> GroupSummary:
    """Sum up backups that all have the same labels."""
    (only,) = summarize(group_backups(backups), bytes_per_unit=bytes_per_unit, statuses=STATUSES).groups
    return only


def made(minutes: int, **fields: Unpack[BackupFields]) -> Backup:
    """Make a backup that many minutes after noon, which took one minute."""
    fields.setdefault("updated_at", NOON + timedelta(minutes=minutes + 1))
    fields.setdefault("datastore", MYSQL)
    return backup(minutes, **fields)


def test_one_group() -> None:
    """A group has the number, total size, newest and oldest of its backups."""
    assert group(made(0, size=2), made(9, size=3), made(5), bytes_per_unit=1024) == GroupSummary(
        key=GroupKey("COMPLETED", "mysql", "one"),
        count=3,
        size_bytes=5 * 1024,
        newest_timestamp=NOON.timestamp() + 540,
        oldest_timestamp=NOON.timestamp(),
        newest_size_bytes=3 * 1024,
        newest_duration_seconds=60,
    )


def test_no_backups() -> None:
    """Without backups there are no groups and no largest size."""
    assert summarize([], statuses=STATUSES) == Summary(
        groups=(), backups=0, unknown_statuses=(), largest_size=None
    )


@given(RECORDS, st.randoms(use_true_random=False))
def test_order_makes_no_difference(records: list[Backup], random: Random) -> None:
    """Sums are equal to the last bit, also for backups created at the same time."""
    shuffled = random.sample(records, len(records))

    assert summarize(group_backups(shuffled), statuses=STATUSES) == summarize(
        group_backups(records), statuses=STATUSES
    )


@given(st.lists(st.floats(0, 1e15), min_size=1, max_size=30))
def test_a_total_is_the_exact_sum(sizes: list[float]) -> None:
    """Sizes are added exactly, and the total is rounded once."""
    summary = group(*(made(number, size=size) for number, size in enumerate(sizes)))

    assert summary.size_bytes == float(sum(map(Fraction, sizes)))


@given(RECORDS)
def test_sums_equal_the_naive_ones(records: list[Backup]) -> None:
    """Every backup is in exactly one group, the one with its labels."""
    summary = summarize(group_backups(records), bytes_per_unit=2, statuses=STATUSES)

    assert summary.backups == sum(found.count for found in summary.groups) == len(records)
    assert [found.key for found in summary.groups] == sorted({_labels(record) for record in records})
    for found in summary.groups:
        members = [record for record in records if _labels(record) == found.key]
        assert found.count == len(members)
        assert math.isclose(found.size_bytes or 0.0, 2 * math.fsum(record.size or 0 for record in members))
        assert found.newest_timestamp == max(record.created_at.timestamp() for record in members)
        assert found.oldest_timestamp == min(record.created_at.timestamp() for record in members)
    assert summary.largest_size == max((record.size for record in records if record.size), default=None)


def _labels(record: Backup) -> tuple[str, str, str]:
    kind = record.datastore.type if record.datastore else None
    return record.status, kind or "unknown", record.instance_id or "unknown"


def test_null_and_absent_values_are_unknown() -> None:
    """Labels are never empty: to Prometheus an empty label is an absent one."""
    keys = {
        group(made(0, instance_id=instance, datastore=datastore)).key
        for instance in (None, "")
        for datastore in (None, Datastore(), Datastore(type=""))
    }

    assert keys == {GroupKey("COMPLETED", "unknown", "unknown")}


def test_null_sizes() -> None:
    """A null size adds nothing, and the newest size is then absent, not 0."""
    summary = group(made(0, size=5), made(1))

    assert summary.size_bytes == 5
    assert summary.newest_size_bytes is None
    assert group(made(0, size=0)).newest_size_bytes == 0


@pytest.mark.parametrize(
    ("status", "minutes", "seconds"),
    [
        ("COMPLETED", 10, 600),
        ("RESTORED", 10, 600),
        ("FAILED", 0, 0),
        ("FAILED", None, None),
        ("COMPLETED", -1, None),
        ("BUILDING", 10, None),
        ("DELETED", 10, None),
        ("PAUSED", 10, None),
    ],
)
def test_durations_are_of_the_finished(status: str, minutes: int | None, seconds: float | None) -> None:
    """A backup that is running, or was updated for another reason, has no known duration."""
    end = None if minutes is None else NOON + timedelta(minutes=minutes)

    assert group(made(0, status=status, updated_at=end)).newest_duration_seconds == seconds


def test_finished_statuses_are_configurable() -> None:
    """The configuration says which statuses are finished."""
    statuses = Statuses(usable=frozenset({"READY"}))
    summary = summarize(
        group_backups([made(0, status="READY"), made(0, status="COMPLETED")]), statuses=statuses
    )

    assert [found.newest_duration_seconds for found in summary.groups] == [None, 60]
    assert summary.unknown_statuses == (("COMPLETED", 1),)


def test_unknown_statuses_are_counted_by_name() -> None:
    """Backups of one unknown status are counted over all groups."""
    records = [made(0, status="B"), made(1, status="A"), made(2, status="B", instance_id="two"), made(3)]

    assert summarize(group_backups(records), statuses=STATUSES).unknown_statuses == (("A", 1), ("B", 2))


def test_a_size_that_fits_no_number_in_bytes_is_unknown() -> None:
    """Neither infinity nor a negative zero is a size."""
    huge, zero = group_backups([made(0, size=1e308)]), group_backups([made(0, size=-0.0)])
    (hugest,) = summarize(huge, bytes_per_unit=2.0**30, statuses=STATUSES).groups
    (none,) = summarize(zero, statuses=STATUSES).groups

    assert (hugest.size_bytes, hugest.newest_size_bytes) == (None, None)
    assert str(none.newest_size_bytes) == "0.0"


def test_numbers_at_the_edges() -> None:
    """There is no total beyond a float's range; the years 1 and 9999 have timestamps."""
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=5)))
    summary = group(made(0, size=1e308, created_at=first), made(1, size=1e308, created_at=last))

    assert summary.size_bytes is None
    assert summary.oldest_timestamp == datetime(1, 1, 1, tzinfo=UTC).timestamp() - 18_000
    assert summary.newest_timestamp == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() + 18_000


@pytest.mark.parametrize(
    ("sizes", "doubtful"),
    [((), False), ((None, 0), False), ((0.02, 137.5), True), ((0.02, 5e9), True), ((1_000_000,), False)],
)
def test_sizes_that_look_like_gib(sizes: tuple[float | None, ...], doubtful: bool) -> None:  # noqa: FBT001 - what is expected
    """The sizes look like GiB if one has a fraction, or if every one is below a megabyte."""
    records = [made(place, size=size) for place, size in enumerate(sizes)]

    assert sizes_look_like_gib(summarize(group_backups(records), statuses=STATUSES)) is doubtful


def test_of_two_that_are_equally_new_the_order_decides_nothing() -> None:
    """The one with the greater id is the newest in any order."""
    one, other = backup("a", size=1.0), backup("b", size=2.0)

    forth, back = (
        summarize(group_backups(pair), statuses=Statuses()).groups[0] for pair in ((one, other), (other, one))
    )

    assert forth == back
    assert forth.newest_size_bytes == 2.0


@settings(deadline=None)
@given(st.lists(st.integers(-5, 5), max_size=30), st.integers(-6, 6))
def test_backups_created_after_a_moment(minutes: list[int], after: int) -> None:
    """Later backups of any group count; a backup created at that moment does not."""
    backups = [
        backup(f"{place}", created_at=NOON + timedelta(minutes=minute), instance_id=str(place % 3))
        for place, minute in enumerate(minutes)
    ]
    moment = (NOON + timedelta(minutes=after)).timestamp()

    assert created_after(group_backups(backups), moment) == sum(minute > after for minute in minutes)
