"""Durations in the configuration, written as Prometheus writes them."""

from typing import ClassVar, Final, Self

from exporter.durations import UNITS, parse_duration
from exporter.validation import NotAllowedError

NEVER_WORD: Final = "never"


class Duration(float):
    """Seconds, written as a Prometheus duration."""

    ALLOWED: ClassVar = "a duration such as 90s, 5m, 1h30m or 7d"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        return cls(_seconds(found))


class PositiveDuration(Duration):
    """A duration above zero. Zero would require nothing."""

    ALLOWED: ClassVar = "a duration above zero, such as 30h or 7d"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        return cls(_seconds_above_zero(found))


class Timeout(Duration):
    """A duration above zero and up to a day: sockets accept no timeouts of months."""

    ALLOWED: ClassVar = "a duration above zero and up to 1d, such as 10s or 1m"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        period = cls(_seconds(found))
        if not 0 < period <= UNITS["d"]:
            raise NotAllowedError
        return period


class MaxDuration:
    """The longest that something may take or be old.

    :param seconds: the limit, above zero: nothing could meet zero. `None`, written `never`: no limit.
    """

    ALLOWED: ClassVar = "a duration above zero, such as 30h or 7d, or never"
    __slots__ = ("seconds",)

    def __init__(self, seconds: float | None) -> None:
        self.seconds: Final = None if seconds is None else float(seconds)

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; an empty one means `never`. Raise `NotAllowedError`."""
        return cls(None if found in (None, NEVER_WORD) else _seconds_above_zero(found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaxDuration) and other.seconds == self.seconds

    def __hash__(self) -> int:
        return hash(self.seconds)

    def __repr__(self) -> str:
        return f"MaxDuration({self.seconds})"


NEVER: Final = MaxDuration(None)


def _seconds_above_zero(found: object) -> float:
    if not (seconds := _seconds(found)):
        raise NotAllowedError
    return seconds


def _seconds(found: object) -> float:
    if not isinstance(found, str):
        raise NotAllowedError
    try:
        return parse_duration(found)
    except ValueError:
        raise NotAllowedError from None
