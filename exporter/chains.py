"""Which backups can be restored, and which link is broken where one cannot. Pure, and without recursion."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from exporter.model import Backup, Statuses


class Broken(StrEnum):
    """What is wrong with the broken link nearest to a backup, on the way from it to its ancestors.

    A parent that is neither usable nor running has failed, whether its status is of another class or of
    none. `CYCLE` says that the way leads into a cycle and meets no other broken link.
    """

    PARENT_MISSING = "parent_missing"
    PARENT_FAILED = "parent_failed"
    PARENT_RUNNING = "parent_running"
    CYCLE = "cycle"


Verdict: TypeAlias = int | Broken
"""How many backups a restore reads (1: a full backup), or why there can be none."""

_NO_PARENT = ""
"""Where a full backup's way ends; no backup has this id."""


def judge(backups: Iterable[Backup], statuses: Statuses) -> Mapping[str, Verdict]:
    """Return the verdict on every backup of a usable status, by its id; others have none. Raises nothing.

    Each of `backups` stands there once; their order makes no difference, nor do their instances. The time
    is linear in their number, however long the chains.
    """
    parents: dict[str, str] = {}
    ends: dict[str, Verdict] = {_NO_PARENT: 0}
    for backup in backups:
        if backup.status in statuses.usable:
            parents[backup.id] = _parent(backup)
        else:
            ends[backup.id] = _break_at(backup, statuses)
    return _judge(parents, ends)


def _parent(backup: Backup) -> str:
    """Return the parent's id; the full backup in the vendor's example names itself."""
    parent = backup.parent_id or _NO_PARENT
    return _NO_PARENT if parent == backup.id else parent


def _break_at(parent: Backup, statuses: Statuses) -> Broken:
    """Return what the children of an unusable `parent` suffer from."""
    return Broken.PARENT_RUNNING if parent.status in statuses.running else Broken.PARENT_FAILED


def _judge(parents: dict[str, str], ends: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return the verdict on each of `parents`, where every backup is visited once: it is taken out then."""
    verdicts: dict[str, Verdict] = {}
    for start in tuple(parents):
        if start in parents:
            path, beyond = _climb(start, parents)
            end = verdicts.get(beyond, ends.get(beyond))
            if end is None:
                end = Broken.CYCLE if beyond in path else Broken.PARENT_MISSING
            _settle(path, end, verdicts)
    return verdicts


def _climb(start: str, parents: dict[str, str]) -> tuple[Sequence[str], str]:
    """Take `start` and its ancestors out of `parents`; return them and the id at which that ended."""
    path: list[str] = []
    here = start
    while (parent := parents.pop(here, None)) is not None:
        path.append(here)
        here = parent
    return path, here


def _settle(path: Sequence[str], end: Verdict, verdicts: dict[str, Verdict]) -> None:
    """Enter the verdicts on a path whose last backup stands upon `end`."""
    for backup_id in reversed(path):
        if not isinstance(end, Broken):
            end += 1
        verdicts[backup_id] = end
