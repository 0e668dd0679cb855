"""Summing up: from all backups of a walk to what the gauges say. Pure, and without a clock."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from math import fsum, inf
from operator import attrgetter

from exporter.backups.grouping import Cohort, rank
from exporter.config import Statuses
from exporter.records import Backup
from exporter.results import GroupKey, GroupSummary, Summary

UNKNOWN = "unknown"
"""The label of what the API left null or absent."""
SMALLEST_DATABASE = 1_000_000
"""Bytes. Backups that are all smaller are more likely up to a million GiB."""
_creation = attrgetter("created_at")


def summarize(among: Sequence[Cohort], *, bytes_per_unit: float = 1, statuses: Statuses) -> Summary:
    """Sum up all backups of a walk; the order of cohorts makes no difference."""
    labelled = _labelled(among)
    groups = tuple(_group(key, labelled[key], bytes_per_unit, statuses) for key in sorted(labelled))
    unknown = Counter[str]()
    for group in groups:
        if group.key.status not in statuses.known:
            unknown[group.key.status] += group.count
    return Summary(
        groups=groups,
        backups=sum(group.count for group in groups),
        unknown_statuses=tuple(sorted(unknown.items())),
        largest_size=max((max(cohort.sizes) for cohort in among if cohort.sizes), default=None),
    )


def created_after(among: Iterable[Cohort], moment: datetime) -> int:
    """Count the backups that were created later than an aware `moment`."""
    return sum(len(cohort.backups) - bisect_right(cohort.backups, moment, key=_creation) for cohort in among)


def sizes_look_like_gib(summary: Summary) -> bool:
    """Say whether the sizes, taken as bytes, are too small for databases.

    The vendor documents no unit; Trove, whose schema the API resembles, gives GiB.
    """
    return summary.largest_size is not None and summary.largest_size < SMALLEST_DATABASE


def _labelled(among: Iterable[Cohort]) -> Mapping[GroupKey, Sequence[Cohort]]:
    labelled: defaultdict[GroupKey, list[Cohort]] = defaultdict(list)
    for cohort in among:
        key = GroupKey(cohort.status, cohort.datastore_type or UNKNOWN, cohort.instance_id or UNKNOWN)
        labelled[key].append(cohort)
    return labelled


def _total(sizes: Iterable[float]) -> float:
    """Add without rounding in between, so that the order makes no difference."""
    try:
        return fsum(sizes)
    except OverflowError:
        return inf


def _group(
    key: GroupKey, members: Sequence[Cohort], bytes_per_unit: float, statuses: Statuses
) -> GroupSummary:
    last = max((cohort.newest for cohort in members), key=rank)
    return GroupSummary(
        key=key,
        count=sum(len(cohort.backups) for cohort in members),
        size_bytes=bytes_per_unit * _total(chain.from_iterable(cohort.sizes for cohort in members)),
        newest_timestamp=last.created_at.timestamp(),
        oldest_timestamp=min(cohort.backups[0].created_at for cohort in members).timestamp(),
        newest_size_bytes=None if last.size is None else bytes_per_unit * last.size,
        newest_duration_seconds=_duration(last) if key.status in statuses.finished else None,
    )


def _duration(backup: Backup) -> float | None:
    """Return the seconds from begin to end, where the API gives an end that is none before the begin."""
    if backup.updated_at is None or backup.updated_at < backup.created_at:
        return None
    return (backup.updated_at - backup.created_at).total_seconds()
