"""When each request of the last hour was sent, in monotonic seconds."""

from bisect import bisect_right
from typing import Final

KEPT: Final = 3600.0  # seconds
_SLACK: Final = 1_000
"""Entries that may be too old before they are dropped: dropping them one by one costs a copy each time."""


class RequestLedger:
    """Counts requests in sliding windows. Not safe for threads by itself: its owner has the lock."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def __repr__(self) -> str:
        return f"RequestLedger({len(self._times)} requests)"

    def add(self, now: float) -> None:
        """Count a request that is sent at `now`."""
        outdated = bisect_right(self._times, now - KEPT)
        if outdated > _SLACK:
            del self._times[:outdated]
        self._times.append(now)

    def remove_newest(self) -> None:
        """Take back the newest request, which was not sent after all."""
        self._times.pop()

    def count(self, seconds: float, now: float) -> int:
        """Return how many requests the last `seconds` hold."""
        return len(self._times) - bisect_right(self._times, now - seconds)

    def seconds_until_oldest_leaves(self, seconds: float, now: float) -> float | None:
        """Return in how many seconds the oldest request leaves the last `seconds`; `None` without one."""
        first = bisect_right(self._times, now - seconds)
        return self._times[first] + seconds - now if first < len(self._times) else None

    def seconds_until_room(self, requests: int, limit: int, seconds: float, now: float) -> float:
        """Return in how many seconds the last `seconds` have room for so many more `requests` within `limit`.

        More than `limit` never fit at once: for those the whole window must be empty.
        """
        first = bisect_right(self._times, now - seconds)
        excess = len(self._times) - first + min(requests, limit) - limit
        return self._times[first + excess - 1] + seconds - now if excess > 0 else 0.0
