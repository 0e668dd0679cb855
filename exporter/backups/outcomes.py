"""The backups of one database that share a status: when each was created, and what it resulted in."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, compress
from operator import gt, sub
from typing import Final

from msgspec import Struct

from exporter.backups.chains import FULL_LENGTH, AssessedGroup, Chains
from exporter.backups.grouping import BackupGroup
from exporter.backups.summary import duration
from exporter.config import Statuses
from exporter.results import Gaps, Outcome, Track

MOST_DURATIONS: Final = 30
"""Durations of a group that are kept: what `check` and the page of a database show."""
_IS_RESTORE_POINT: Final = bytes(value in (Outcome.FULL, Outcome.INCREMENTAL) for value in range(256))
"""A table for `bytes.translate`: 1 for the outcome of a restore point, else 0."""


class GroupOutcomes(Struct, frozen=True):
    """A group of backups of one database.

    :param assessed: their chains; `None` if the status is not usable.
    :param outcomes: an `Outcome` for each.
    """

    group: BackupGroup
    assessed: AssessedGroup | None
    outcomes: bytes

    @classmethod
    def of(cls, group: BackupGroup, chains: Chains, statuses: Statuses) -> "GroupOutcomes":
        """Return the outcomes of a group."""
        if group.status not in statuses.usable:
            return cls(group, None, bytes([_outcome(group.status, statuses)]) * len(group.times))
        assessed = chains.assess(group)
        return cls(group, assessed, _outcomes(assessed))

    def restore_times(self) -> Sequence[float]:
        """Return when each restorable backup was created, the oldest first."""
        if self.assessed is None:
            return ()
        if not self.assessed.broken:
            return self.group.times
        return list(compress(self.group.times, self.outcomes.translate(_IS_RESTORE_POINT)))

    def track(self, statuses: Statuses) -> Track:
        """Return the backups in packed form."""
        newest = self.group.backups[-MOST_DURATIONS:]
        is_finished = self.group.status in statuses.finished
        durations = map(duration, newest) if is_finished else [None] * len(newest)
        return Track.of(self.group.times, durations, self.outcomes)


def all_restore_times(outcomes: Iterable[GroupOutcomes]) -> Sequence[float]:
    """Return when each restorable backup of several groups was created, the oldest first."""
    runs = [times for group in outcomes if (times := group.restore_times())]
    return runs[0] if len(runs) == 1 else sorted(chain.from_iterable(runs))


def gaps(times: Sequence[float], *, only_largest: bool) -> Gaps:
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
    larger.reverse()
    return Gaps.of((newest_first[index + 1] for index in larger), (newest_first[index] for index in larger))


def _outcomes(assessed: AssessedGroup) -> bytes:
    full, incremental = int(Outcome.FULL), int(Outcome.INCREMENTAL)
    outcomes = bytearray([full if length == FULL_LENGTH else incremental for length in assessed.lengths])
    for index in assessed.broken:
        outcomes[index] = Outcome.UNRESTORABLE
    return bytes(outcomes)


def _outcome(status: str, statuses: Statuses) -> Outcome:
    if status in statuses.failed:
        return Outcome.FAILED
    return Outcome.RUNNING if status in statuses.running else Outcome.OTHER
