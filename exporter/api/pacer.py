"""Whether walks must be spread over the hour, and when the next one has its turn, in monotonic seconds."""

from bisect import bisect_right
from typing import Final

DEMAND: Final = 600.0
"""Seconds over which the walks that scrapes want are counted."""
_HOUR: Final = 3600.0


class Pacer:
    """Spreads walks evenly where the hour's requests would not last. Not safe for threads by itself."""

    def __init__(self, now: float) -> None:
        self._started = now
        self._wanted: list[float] = []
        self._turn: float | None = None

    def __repr__(self) -> str:
        return f"Pacer(next turn at {self._turn})"

    def want(self, now: float) -> None:
        """Note that a scrape wants a walk."""
        del self._wanted[: bisect_right(self._wanted, now - DEMAND)]
        self._wanted.append(now)

    def postpone(self, seconds: float, now: float) -> None:
        """Move the next turn by what a request costs."""
        self._turn = now + self.seconds_until_turn(now) + seconds

    def advance(self, seconds: float) -> None:
        """Take back what a request cost that was not sent."""
        if self._turn is not None:
            self._turn -= seconds

    def seconds_until_turn(self, now: float) -> float:
        """Return the seconds until the next walk's turn."""
        return 0.0 if self._turn is None else max(0.0, self._turn - now)

    def must_spread(self, requests: int, hour_limit: int, now: float) -> bool:
        """Say whether walks of so many `requests`, as often as they are wanted, exceed the hour's limit.

        At first, when too few scrapes came to tell, presume so.
        """
        if now - self._started < DEMAND:
            return True
        wanted = len(self._wanted) - bisect_right(self._wanted, now - DEMAND)
        return wanted * _HOUR / DEMAND * requests > hour_limit
