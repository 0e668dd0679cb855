"""Summing up: from all backups of a walk to what the gauges say. Pure, and without a clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter

from exporter.model import Backup, Datastore, Group, GroupKey, Statuses, Summary

_size = attrgetter("size")
_creation = attrgetter("created_at")
_id = attrgetter("id")
UNKNOWN = "unknown"
"""The label of what the API left null or absent."""
SMALLEST_DATABASE = 1_000_000
"""Bytes. Backups that are all smaller are more likely up to a million GiB."""


def summarize(backups: Iterable[Backup], *, bytes_per_unit: float = 1, statuses: Statuses) -> Summary:
    """Sum up `backups`, each of which stands there once; their order makes no difference."""
    grouped = _grouped(backups)
    unknown = Counter[str]()
    for key, members in grouped.items():
        if key.status not in statuses.known:
            unknown[key.status] += len(members)
    return Summary(
        groups=tuple(_group(key, grouped[key], bytes_per_unit, statuses) for key in sorted(grouped)),
        backups=sum(map(len, grouped.values())),
        unknown_statuses=tuple(sorted(unknown.items())),
        largest_size=max(filter(None, map(_size, chain.from_iterable(grouped.values()))), default=None),
    )


def sizes_look_like_gib(summary: Summary) -> bool:
    """Say whether the sizes, taken as bytes, are too small for databases.

    The vendor documents no unit; Trove, whose schema the API resembles, gives GiB.
    """
    return summary.largest_size is not None and summary.largest_size < SMALLEST_DATABASE


def _grouped(backups: Iterable[Backup]) -> dict[GroupKey, list[Backup]]:
    """Group at once by what the records hold; only of each such group is it asked what its labels are."""
    alike: defaultdict[tuple[str, Datastore | None, str | None], list[Backup]] = defaultdict(list)
    for backup in backups:
        alike[backup.status, backup.datastore, backup.instance_id].append(backup)
    grouped: defaultdict[GroupKey, list[Backup]] = defaultdict(list)
    for (status, datastore, instance_id), members in alike.items():
        kind = datastore.type if datastore else None
        grouped[GroupKey(status, kind or UNKNOWN, instance_id or UNKNOWN)] += members
    return grouped


def _group(key: GroupKey, backups: Sequence[Backup], bytes_per_unit: float, statuses: Statuses) -> Group:
    created = list(map(_creation, backups))
    newest = _newest(backups, created)
    return Group(
        key=key,
        count=len(backups),
        size_bytes=bytes_per_unit * sum(sorted(filter(None, map(_size, backups)))),
        newest_timestamp=newest.created_at.timestamp(),
        oldest_timestamp=min(created).timestamp(),
        newest_size_bytes=None if newest.size is None else bytes_per_unit * newest.size,
        newest_duration_seconds=_duration(newest) if key.status in statuses.finished else None,
    )


def _newest(backups: Sequence[Backup], created: Sequence[datetime]) -> Backup:
    """Return the backup created last; of several the one with the greatest id."""
    last = max(created)
    if created.count(last) == 1:
        return backups[created.index(last)]
    return max((backup for backup in backups if backup.created_at == last), key=_id)


def _duration(backup: Backup) -> float | None:
    """Return the seconds from begin to end, where the API gives an end that is none before the begin."""
    if backup.updated_at is None or backup.updated_at < backup.created_at:
        return None
    return (backup.updated_at - backup.created_at).total_seconds()
