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


def judge(backups: Iterable[Backup], statuses: Statuses) -> Mapping[str, Verdict]:
    """Return the verdict on every backup of a usable status, by its id; others have none. Raises nothing.

    Each of `backups` stands there once; their order makes no difference, nor do their instances. The time
    is linear in their number, however long the chains, and least where parents come before their children.
    """
    verdicts: dict[str, Verdict] = {}
    parents: dict[str, str] = {}
    ends: dict[str, Verdict] = {}
    usable = statuses.usable
    for backup in backups:
        if backup.status not in usable:
            ends[backup.id] = _break_at(backup, statuses)
        elif not (parent := backup.parent_id) or parent == backup.id:  # as in the vendor's example
            verdicts[backup.id] = 1
        elif type(length := verdicts.get(parent)) is int:
            verdicts[backup.id] = length + 1
        else:
            parents[backup.id] = parent
    return _judge(parents, verdicts, ends)


def _break_at(parent: Backup, statuses: Statuses) -> Broken:
    """Return what the children of an unusable `parent` suffer from."""
    return Broken.PARENT_RUNNING if parent.status in statuses.running else Broken.PARENT_FAILED


def _judge(
    parents: dict[str, str], verdicts: dict[str, Verdict], ends: Mapping[str, Verdict]
) -> dict[str, Verdict]:
    """Add the verdict on each of `parents`, where every backup is visited once: it is taken out then."""
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
