"""What the assessment of databases must equal: slow functions that one can check by reading them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from exporter.config import Statuses
from exporter.records import Backup

STATUSES = Statuses()


class Verdict(NamedTuple):
    """What following the parents of a usable backup one by one shows.

    :param path: the usable backups, from the backup itself to its full backup or to the broken link.
    :param reason: why it cannot be restored; `None` if it can.
    :param culprits: the ids of the backups to blame: one, or the members of a cycle.
    """

    path: tuple[str, ...]
    reason: str | None = None
    culprits: frozenset[str] = frozenset()


def verdict(backup: Backup, by_id: Mapping[str, Backup], mode: str = "follow") -> Verdict:
    """Go from a backup to its full one, or to the first broken link."""
    path = [backup.id]
    while (parent_id := needed_parent(backup, mode)) is not None:
        if parent_id in path:
            return Verdict(tuple(path), "cycle", frozenset(path[path.index(parent_id) :]))
        if (reason := broken_by(by_id.get(parent_id))) is not None:
            return Verdict(tuple(path), reason, frozenset({parent_id}))
        backup = by_id[parent_id]
        path.append(parent_id)
    return Verdict(tuple(path))


def needed_parent(backup: Backup, mode: str) -> str | None:
    """Return the id of the parent without which a backup cannot be restored."""
    if mode == "ignore" or backup.parent_id in {None, "", backup.id}:
        return None
    location = backup.location_ref or ""
    is_snapshot = location.startswith("cinder://") and location != "cinder://"
    return None if mode == "auto" and is_snapshot else backup.parent_id


def broken_by(parent: Backup | None) -> str | None:
    """Return why a parent breaks the chain; `None` if it does not."""
    if parent is None:
        return "parent_missing"
    if parent.status in STATUSES.usable:
        return None
    return "parent_running" if parent.status in STATUSES.running else "parent_failed"


def usable(backups: Iterable[Backup]) -> list[Backup]:
    """Return the backups of a usable status, the newest last."""
    found = (backup for backup in backups if backup.status in STATUSES.usable)
    return sorted(found, key=lambda backup: (backup.created_at, backup.id))


def distances(times: Sequence[float], now: float, retention: float | None) -> Iterator[tuple[float, float]]:
    """Yield where each gap that matters begins and ends.

    :param times: when each restore point was created, in any order.
    :param retention: in seconds; `None`: every gap matters.
    """
    points = sorted(times)
    for position in range(1, len(points)):
        if retention is None or points[position] >= now - retention:
            yield points[position - 1], points[position]
    if points:
        yield points[-1], max(now, points[-1])
