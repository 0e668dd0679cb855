"""The backups of one database that share a status: when each was created, and what it resulted in."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, compress
from operator import gt, sub
from typing import Final

from msgspec import Struct

from exporter.backups.chains import AssessedGroup, Chains
from exporter.backups.grouping import BackupGroup
from exporter.backups.summary import duration
from exporter.config import Statuses
from exporter.results import Gap, Outcome, Track

MOST_DURATIONS: Final = 30
"""Durations of a group that are kept: what `check` and the page of a database show."""


class History(Struct, frozen=True):
    """A group of backups of one database.

    :param assessed: their chains; `None` if the status is not usable.
    """

    group: BackupGroup
    assessed: AssessedGroup | None

    @classmethod
    def of(cls, group: BackupGroup, chains: Chains, statuses: Statuses) -> "History":
        """Return the history of a group."""
        return cls(group, chains.assess(group) if group.status in statuses.usable else None)

    def restore_times(self) -> Sequence[float]:
        """Return when each restorable backup was created, the oldest first."""
        if self.assessed is None:
            return ()
        broken = self.assessed.broken
        if not broken:
            return self.group.times
        return [time for index, time in enumerate(self.group.times) if index not in broken]

    def track(self, statuses: Statuses) -> Track:
        """Return the backups in packed form."""
        newest = self.group.backups[-MOST_DURATIONS:]
        is_finished = self.group.status in statuses.finished
        durations = map(duration, newest) if is_finished else [None] * len(newest)
        return Track.of(self.group.times, durations, self._outcomes(statuses))

    def _outcomes(self, statuses: Statuses) -> Sequence[int]:
        if self.assessed is None:
            return [_outcome(self.group.status, statuses)] * len(self.group.times)
        full, incremental = int(Outcome.FULL), int(Outcome.INCREMENTAL)
        outcomes = [full if length == 1 else incremental for length in self.assessed.lengths]
        for index in self.assessed.broken:
            outcomes[index] = Outcome.UNRESTORABLE
        return outcomes


def all_restore_times(histories: Iterable[History]) -> Sequence[float]:
    """Return when each restorable backup of several groups was created, the oldest first."""
    runs = [times for history in histories if (times := history.restore_times())]
    return runs[0] if len(runs) == 1 else sorted(chain.from_iterable(runs))


def gaps(times: Sequence[float], *, only_largest: bool) -> tuple[Gap, ...]:
    """Return each gap, the oldest first, that is larger than all later ones.

    Of these, the first that ends in a window is the largest that does.

    :param times: when each restorable backup was created, the oldest first.
    :param only_largest: return the largest one only: enough if no window matters.
    """
    newest_first = times[::-1]
    lengths = list(map(sub, newest_first, newest_first[1:]))
    if only_largest:
        larger = [lengths.index(max(lengths))] if lengths else []
    else:
        largest_so_far = accumulate(lengths, max, initial=-1.0)
        larger = list(compress(range(len(lengths)), map(gt, lengths, largest_so_far)))
    return tuple(Gap(newest_first[index + 1], newest_first[index]) for index in reversed(larger))


def _outcome(status: str, statuses: Statuses) -> Outcome:
    if status in statuses.failed:
        return Outcome.FAILED
    return Outcome.RUNNING if status in statuses.running else Outcome.OTHER
