"""Sums over all backups of a walk: the values of the gauges of backups."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import fsum
from typing import Final

from exporter.backups.grouping import BackupGroup, rank
from exporter.backups.size_unit import has_fractions, largest_size, size_in_bytes
from exporter.config import Statuses
from exporter.records import Backup
from exporter.results import GroupKey, GroupSummary, Summary

UNKNOWN: Final = "unknown"
"""The label value for a field that is null, absent or empty."""


def summarize(
    groups: Sequence[BackupGroup], *, bytes_per_unit: float | None = 1, statuses: Statuses
) -> Summary:
    """Sum up all backups of a walk.

    :param groups: in any order.
    :param bytes_per_unit: bytes per unit of the API's sizes; `None`: unknown, so the results have no sizes.
    :param statuses: decide which statuses are known, and which are final.
    """
    by_key = _by_key(groups)
    summaries = tuple(_summarize(key, by_key[key], bytes_per_unit, statuses) for key in sorted(by_key))
    unknown = Counter[str]()
    for summary in summaries:
        if summary.key.status not in statuses.known:
            unknown[summary.key.status] += summary.count
    return Summary(
        groups=summaries,
        backups=sum(summary.count for summary in summaries),
        unknown_statuses=tuple(sorted(unknown.items())),
        largest_size=largest_size(groups),
        has_fractional_sizes=has_fractions(groups),
    )


def created_after(groups: Iterable[BackupGroup], moment: float) -> int:
    """Count the backups that were created after a moment, in Unix seconds."""
    return sum(len(group.times) - bisect_right(group.times, moment) for group in groups)


def _by_key(groups: Iterable[BackupGroup]) -> Mapping[GroupKey, Sequence[BackupGroup]]:
    by_key: defaultdict[GroupKey, list[BackupGroup]] = defaultdict(list)
    for group in groups:
        key = GroupKey(group.status, group.datastore_type or UNKNOWN, group.instance_id or UNKNOWN)
        by_key[key].append(group)
    return by_key


def _summarize(
    key: GroupKey, groups: Sequence[BackupGroup], bytes_per_unit: float | None, statuses: Statuses
) -> GroupSummary:
    last = max((group.newest for group in groups), key=rank)
    return GroupSummary(
        key=key,
        count=sum(len(group.backups) for group in groups),
        size_bytes=size_in_bytes(
            _total(chain.from_iterable(group.sizes for group in groups)), bytes_per_unit
        ),
        newest_timestamp=max(group.times[-1] for group in groups),
        oldest_timestamp=min(group.times[0] for group in groups),
        newest_size_bytes=size_in_bytes(last.size, bytes_per_unit),
        newest_duration_seconds=duration(last) if key.status in statuses.finished else None,
    )


def _total(sizes: Iterable[float]) -> float | None:
    """Add without intermediate rounding, so that the order makes no difference; `None`: it fits no number."""
    try:
        return fsum(sizes)
    except OverflowError:
        return None


def duration(backup: Backup) -> float | None:
    """Return the seconds from creation to the last update; `None` without an update or if it is earlier."""
    if backup.updated_at is None or backup.updated_at < backup.created_at:
        return None
    return (backup.updated_at - backup.created_at).total_seconds()
