"""All backups of one database in the order of their creation, packed: 13 bytes each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import IntEnum
from math import isnan, nan
from typing import Final

from msgspec import Struct

_TIME: Final = "d"
_DURATION: Final = "f"


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
    :param duration: from its creation to its last update, in seconds; `None` if it has not finished.
    """

    created_at: float
    outcome: Outcome
    duration: float | None = None


class TimeLine(Struct, frozen=True):
    """The backups of one database, the oldest first."""

    times: bytes = b""
    durations: bytes = b""
    outcomes: bytes = b""

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> "TimeLine":
        """Pack attempts, which are in the order of their creation."""
        times, durations, outcomes = array(_TIME), array(_DURATION), bytearray()
        for attempt in attempts:
            times.append(attempt.created_at)
            durations.append(nan if attempt.duration is None else attempt.duration)
            outcomes.append(attempt.outcome)
        return cls(times.tobytes(), durations.tobytes(), bytes(outcomes))

    def __len__(self) -> int:
        return len(self.outcomes)

    def __iter__(self) -> Iterator[Attempt]:
        return self.since(0)

    def index_at(self, time: float) -> int:
        """Return the index of the first attempt that was created at a time or after it."""
        return bisect_left(memoryview(self.times).cast(_TIME), time)

    def since(self, index: int) -> Iterator[Attempt]:
        """Yield the attempts from an index on; a negative one counts from the end."""
        times, durations = memoryview(self.times).cast(_TIME), memoryview(self.durations).cast(_DURATION)
        for position in range(*slice(index, None).indices(len(self))):
            duration = durations[position]
            yield Attempt(
                times[position], Outcome(self.outcomes[position]), None if isnan(duration) else duration
            )
