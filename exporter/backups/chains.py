"""Which backups can be restored, and which link is broken where one cannot. Pure, and without recursion."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import TypeAlias

from msgspec import Struct

from exporter.backups.grouping import Cohort
from exporter.config import Statuses
from exporter.records import Backup


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


class Judged(Struct, frozen=True):
    """A cohort's backups, the verdict on each, and how many are `broken` for each reason that there is."""

    backups: Sequence[Backup]
    verdicts: Sequence[Verdict]
    broken: Counter[Broken]

    def newest(self, predicate: Callable[[Verdict], bool]) -> tuple[Backup, Verdict] | None:
        """Return the backup created last of whose verdict it is true; of several the greatest id's."""
        pairs = zip(reversed(self.backups), reversed(self.verdicts), strict=True)
        found = (pair for pair in pairs if predicate(pair[1]))
        last = next(found, None)
        if last is None:
            return None
        moment = last[0].created_at
        same = takewhile(lambda pair: pair[0].created_at == moment, found)
        return max((last, *same), key=lambda pair: pair[0].id)


class Chains:
    """The chains among all backups of a list, by their ids; their instances make no difference.

    What was climbed is remembered, so that the time is linear in their number, however long the chains.
    """

    def __init__(self, backups: Mapping[str, Backup], statuses: Statuses) -> None:
        self._backups = backups
        self._statuses = statuses
        self._climbed: dict[str, Verdict] = {}

    def judge(self, cohort: Cohort) -> Judged:
        """Judge the backups of a usable status: only what is loose must be climbed from, the rest follows."""
        verdicts: list[Verdict] = list(cohort.lengths)
        broken = Counter[Broken]()
        for place in cohort.loose:
            first = self._climb(cohort.backups[place])
            number = _following(cohort.lengths, place)
            if isinstance(first, int):
                verdicts[place : place + number] = [
                    first + length - 1 for length in cohort.lengths[place : place + number]
                ]
            else:
                verdicts[place : place + number] = [first] * number
                broken[first] += number
        return Judged(cohort.backups, verdicts, broken)

    def _climb(self, backup: Backup) -> Verdict:
        """Go from a backup to its ancestors, as far as they are not known; enter the verdicts on all."""
        path: list[str] = []
        end = self._climbed.get(backup.id)
        while end is None:
            path.append(backup.id)
            self._climbed[backup.id] = Broken.CYCLE  # which it is if the way leads back here
            backup, end = self._step(backup)
        for passed in reversed(path):
            end = end + 1 if isinstance(end, int) else end
            self._climbed[passed] = end
        return end

    def _step(self, backup: Backup) -> tuple[Backup, Verdict | None]:
        """Return the parent, with what its children stand upon, if that is known: 0 is the ground."""
        if not backup.parent_id or backup.parent_id == backup.id:
            return backup, 0
        parent = self._backups.get(backup.parent_id)
        if parent is None:
            return backup, Broken.PARENT_MISSING
        if parent.status in self._statuses.usable:
            return parent, self._climbed.get(parent.id)
        running = parent.status in self._statuses.running
        return parent, Broken.PARENT_RUNNING if running else Broken.PARENT_FAILED


def _following(lengths: Sequence[int], place: int) -> int:
    """Count the backup at `place` and those after it whose lengths are counted from it."""
    end = place + 1
    while end < len(lengths) and lengths[end] > 1:
        end += 1
    return end - place
