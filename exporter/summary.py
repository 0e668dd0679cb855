"""Summing up: from all backups of a walk to what the gauges say. Pure, and without a clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from exporter.model import Backup, Group, GroupKey, Statuses, Summary

UNKNOWN = "unknown"
"""The label of what the API left null or absent."""
SMALLEST_DATABASE = 1_000_000
"""Bytes. Backups that are all smaller are more likely up to a million GiB."""


def summarize(backups: Iterable[Backup], *, bytes_per_unit: float = 1, statuses: Statuses) -> Summary:
    """Sum up `backups`, each of which stands there once; their order makes no difference."""
    grouped: defaultdict[GroupKey, list[Backup]] = defaultdict(list)
    for backup in backups:
        grouped[_key(backup)].append(backup)
    unknown = Counter[str]()
    for key, members in grouped.items():
        if key.status not in statuses.known:
            unknown[key.status] += len(members)
    return Summary(
        groups=tuple(_group(key, grouped[key], bytes_per_unit, statuses) for key in sorted(grouped)),
        backups=sum(map(len, grouped.values())),
        unknown_statuses=tuple(sorted(unknown.items())),
        largest_size=max((b.size for group in grouped.values() for b in group if b.size), default=None),
    )


def sizes_look_like_gib(summary: Summary) -> bool:
    """Say whether the sizes, taken as bytes, are too small for databases.

    The vendor documents no unit; Trove, whose schema the API resembles, gives GiB.
    """
    return summary.largest_size is not None and summary.largest_size < SMALLEST_DATABASE


def _key(backup: Backup) -> GroupKey:
    datastore = backup.datastore
    kind = datastore.type if datastore else None
    return GroupKey(backup.status, kind or UNKNOWN, backup.instance_id or UNKNOWN)


def _group(key: GroupKey, backups: Sequence[Backup], bytes_per_unit: float, statuses: Statuses) -> Group:
    newest = max(backups, key=lambda backup: (backup.created_at, backup.id))
    oldest = min(backup.created_at for backup in backups)
    return Group(
        key=key,
        count=len(backups),
        size_bytes=bytes_per_unit * sum(sorted(backup.size for backup in backups if backup.size)),
        newest_timestamp=newest.created_at.timestamp(),
        oldest_timestamp=oldest.timestamp(),
        newest_size_bytes=None if newest.size is None else bytes_per_unit * newest.size,
        newest_duration_seconds=_duration(newest) if key.status in statuses.finished else None,
    )


def _duration(backup: Backup) -> float | None:
    """Return the seconds from begin to end, where the API gives an end that is none before the begin."""
    if backup.updated_at is None or backup.updated_at < backup.created_at:
        return None
    return (backup.updated_at - backup.created_at).total_seconds()
