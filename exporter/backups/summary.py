"""Sums over all backups of a walk: the values of the gauges of backups."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from math import fsum, inf
from operator import attrgetter
from typing import Final

from exporter.backups.grouping import BackupGroup, rank
from exporter.config import Statuses
from exporter.records import Backup
from exporter.results import GroupKey, GroupSummary, Summary

UNKNOWN: Final = "unknown"
"""The label value for a field that is null, absent or empty."""
SMALLEST_DATABASE: Final = 1_000_000
"""Bytes. If every backup is smaller, the sizes are probably in GiB."""
_created_at = attrgetter("created_at")


def summarize(groups: Sequence[BackupGroup], *, bytes_per_unit: float = 1, statuses: Statuses) -> Summary:
    """Sum up all backups of a walk.

    :param groups: in any order.
    :param bytes_per_unit: bytes per unit of the API's sizes.
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
        largest_size=max((max(group.sizes) for group in groups if group.sizes), default=None),
    )


def created_after(groups: Iterable[BackupGroup], moment: datetime) -> int:
    """Count the backups that were created after `moment`, a timezone-aware time."""
    return sum(len(group.backups) - bisect_right(group.backups, moment, key=_created_at) for group in groups)


def sizes_look_like_gib(summary: Summary) -> bool:
    """Return whether the sizes, read as bytes, are too small for databases.

    The vendor documents no unit. OpenStack Trove, whose schema the API resembles, uses GiB.
    """
    return summary.largest_size is not None and summary.largest_size < SMALLEST_DATABASE


def _by_key(groups: Iterable[BackupGroup]) -> Mapping[GroupKey, Sequence[BackupGroup]]:
    by_key: defaultdict[GroupKey, list[BackupGroup]] = defaultdict(list)
    for group in groups:
        key = GroupKey(group.status, group.datastore_type or UNKNOWN, group.instance_id or UNKNOWN)
        by_key[key].append(group)
    return by_key


def _summarize(
    key: GroupKey, groups: Sequence[BackupGroup], bytes_per_unit: float, statuses: Statuses
) -> GroupSummary:
    last = max((group.newest for group in groups), key=rank)
    return GroupSummary(
        key=key,
        count=sum(len(group.backups) for group in groups),
        size_bytes=bytes_per_unit * _total(chain.from_iterable(group.sizes for group in groups)),
        newest_timestamp=last.created_at.timestamp(),
        oldest_timestamp=min(group.backups[0].created_at for group in groups).timestamp(),
        newest_size_bytes=None if last.size is None else bytes_per_unit * last.size,
        newest_duration_seconds=_duration(last) if key.status in statuses.finished else None,
    )


def _total(sizes: Iterable[float]) -> float:
    """Add without intermediate rounding, so that the order makes no difference."""
    try:
        return fsum(sizes)
    except OverflowError:
        return inf


def _duration(backup: Backup) -> float | None:
    """Return the seconds from creation to the last update; `None` without an update or if it is earlier."""
    if backup.updated_at is None or backup.updated_at < backup.created_at:
        return None
    return (backup.updated_at - backup.created_at).total_seconds()
