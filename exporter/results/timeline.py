"""All backups of one database in the order of their creation, packed: 9 bytes each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from heapq import merge
from math import isnan, nan
from operator import attrgetter
from typing import Final

from msgspec import Struct

_TIME: Final = "d"
_DURATION: Final = "f"
_created_at = attrgetter("created_at")


class Outcome(IntEnum):
    """The result of an attempt to back up a database."""

    FULL = 0
    """Restorable, and its restore reads nothing else."""
    INCREMENTAL = 1
    """Restorable; its restore reads its chain."""
    UNRESTORABLE = 2
    """Its status is usable, but its chain is broken."""
    FAILED = 3
    RUNNING = 4
    OTHER = 5
    """Its status is of no other class, such as DELETING, or it is unknown."""

    @property
    def is_restore_point(self) -> bool:
        """Whether the database can be restored to this backup."""
        return self <= Outcome.INCREMENTAL


class Attempt(Struct, frozen=True):
    """One backup of a database.

    :param created_at: Unix seconds.
    :param duration: from its creation to its last update, in seconds; `None` if it has not finished, or if it
        is not among the newest.
    """

    created_at: float
    outcome: Outcome
    duration: float | None = None


class Track(Struct, frozen=True):
    """Some backups of one database, the oldest first.

    :param durations: of the newest ones only: a duration takes as long to compute as all else.
    """

    times: bytes
    durations: bytes
    outcomes: bytes

    @classmethod
    def of(
        cls, times: Iterable[float], durations: Iterable[float | None], outcomes: Iterable[int]
    ) -> "Track":
        """Pack backups.

        :param times: when each was created, in Unix seconds.
        :param durations: of the newest ones, in seconds; `None` for one that has not finished.
        :param outcomes: an `Outcome` for each.
        """
        packed = array(_DURATION, [nan if duration is None else duration for duration in durations])
        return cls(array(_TIME, times).tobytes(), packed.tobytes(), bytes(outcomes))

    def __len__(self) -> int:
        return len(self.outcomes)

    def __iter__(self) -> Iterator[Attempt]:
        return self.since(0)

    def index_at(self, time: float) -> int:
        """Return the index of the first backup that was created at a time or after it."""
        return bisect_left(memoryview(self.times).cast(_TIME), time)

    def since(self, index: int) -> Iterator[Attempt]:
        """Yield the backups from an index on; a negative one counts from the end."""
        return self._attempts(range(*slice(index, None).indices(len(self))))

    def newest_first(self) -> Iterator[Attempt]:
        """Yield the backups from the newest on."""
        return self._attempts(reversed(range(len(self))))

    def _attempts(self, places: Iterable[int]) -> Iterator[Attempt]:
        times, durations = memoryview(self.times).cast(_TIME), memoryview(self.durations).cast(_DURATION)
        unknown = len(times) - len(durations)
        for place in places:
            duration = durations[place - unknown] if place >= unknown else nan
            yield Attempt(times[place], Outcome(self.outcomes[place]), None if isnan(duration) else duration)


class TimeLine(Struct, frozen=True):
    """The backups of one database, the oldest first."""

    tracks: tuple[Track, ...] = ()

    @classmethod
    def of(cls, attempts: Sequence[Attempt]) -> "TimeLine":
        """Pack attempts, which are in the order of their creation."""
        return cls(
            (
                Track.of(
                    [attempt.created_at for attempt in attempts],
                    [attempt.duration for attempt in attempts],
                    [attempt.outcome for attempt in attempts],
                ),
            )
        )

    def __len__(self) -> int:
        return sum(map(len, self.tracks))

    def __iter__(self) -> Iterator[Attempt]:
        return merge(*self.tracks, key=_created_at)

    def count(self, outcome: Outcome) -> int:
        """Return how many attempts had an outcome."""
        return sum(track.outcomes.count(outcome) for track in self.tracks)

    def since(self, time: float) -> Iterator[Attempt]:
        """Yield the attempts that were created at a time or after it. Older ones are not looked at."""
        return merge(*(track.since(track.index_at(time)) for track in self.tracks), key=_created_at)

    def last(self, number: int) -> Sequence[Attempt]:
        """Return the newest attempts, at most `number`, the oldest first. Older ones are not looked at."""
        newest = merge(*(track.since(-number) for track in self.tracks), key=_created_at)
        return list(newest)[-number:]

    def newest_first(self) -> Iterator[Attempt]:
        """Yield the attempts from the newest on. Those that are not asked for are not looked at."""
        tracks = (track.newest_first() for track in reversed(self.tracks))
        return merge(*tracks, key=_created_at, reverse=True)
