"""Spreads walks over the hour when its requests would not last, in monotonic seconds."""

from bisect import bisect_right
from typing import Final

from exporter.api.tiers import HOUR

DEMAND_PERIOD: Final = 600.0
"""Seconds over which requested walks are counted to predict the hour's demand."""


class Pacer:
    """Knows when the next walk has its turn. Needs its owner's lock. Times are monotonic seconds.

    :param now: the time from which requested walks are counted.
    """

    def __init__(self, now: float) -> None:
        self._started = now
        self._requested: list[float] = []
        self._next_turn: float | None = None

    def __repr__(self) -> str:
        return f"Pacer(next turn at {self._next_turn}, {len(self._requested)} walks requested)"

    @property
    def last_requested(self) -> float | None:
        """When a scrape last wanted a walk; `None`: never."""
        return self._requested[-1] if self._requested else None

    def record_demand(self, now: float) -> None:
        """Record that a scrape wants a walk."""
        del self._requested[: bisect_right(self._requested, now - DEMAND_PERIOD)]
        self._requested.append(now)

    def postpone(self, seconds: float, now: float) -> None:
        """Move the next turn later, by what a request costs."""
        self._next_turn = now + self.seconds_until_turn(now) + seconds

    def advance(self, seconds: float) -> None:
        """Move the next turn earlier, by the cost of a request that was not sent."""
        if self._next_turn is not None:
            self._next_turn -= seconds

    def seconds_until_turn(self, now: float) -> float:
        """Return the seconds until the next walk's turn."""
        return 0.0 if self._next_turn is None else max(0.0, self._next_turn - now)

    def must_spread(self, requests: int, hour_share: int, now: float) -> bool:
        """Return whether walks of `requests` each, as often as requested, exceed the hour's limit.

        It is true until a whole `DEMAND_PERIOD` has been observed.
        """
        if now - self._started < DEMAND_PERIOD:
            return True
        walks = len(self._requested) - bisect_right(self._requested, now - DEMAND_PERIOD)
        return walks * HOUR / DEMAND_PERIOD * requests > hour_share
