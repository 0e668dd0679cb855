"""The gaps between the restorable backups of one database."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, Self

from msgspec import Struct

_TIME: Final = "d"


class Gap(Struct, frozen=True):
    """The time between two neighbouring restorable backups, in Unix seconds."""

    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.ends - self.begins


class Gaps(Struct, frozen=True):
    """Several gaps, the oldest first, packed: 16 bytes each. A database may have one for each backup."""

    begins: bytes = b""
    ends: bytes = b""

    @classmethod
    def of(cls, begins: Iterable[float], ends: Iterable[float]) -> Self:
        """Pack the times at which gaps begin and end, in Unix seconds, the oldest first."""
        return cls(array(_TIME, begins).tobytes(), array(_TIME, ends).tobytes())

    def __len__(self) -> int:
        return len(memoryview(self.ends).cast(_TIME))

    def __iter__(self) -> Iterator[Gap]:
        return map(Gap, memoryview(self.begins).cast(_TIME), memoryview(self.ends).cast(_TIME))

    def first_that_ends_since(self, time: float) -> Gap | None:
        """Return the first gap that ends at a time or after it; `None` if there is none."""
        begins, ends = memoryview(self.begins).cast(_TIME), memoryview(self.ends).cast(_TIME)
        index = bisect_left(ends, time)
        return Gap(begins[index], ends[index]) if index < len(ends) else None
